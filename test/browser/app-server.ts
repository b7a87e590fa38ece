import { build } from 'esbuild';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface AppServer {
  /** The page that has `window.app`, for an API. */
  readonly pageFor: (endpoint: string, apiKey: string) => string;
  readonly stop: () => Promise<void>;
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>An application</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <script type="module" src="/app.js"></script>
  </body>
</html>
`;

/** Serves a script as a web page of an origin that is neither the API's nor the CDN's. */
export const startAppServer = async (entry = 'app.ts'): Promise<AppServer> => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, entry)],
    bundle: true,
    define: { 'process.env.NODE_ENV': '"development"' },
    platform: 'browser',
    format: 'esm',
    write: false,
  });
  const [script] = outputFiles;
  const server = createServer(({ url = '/' }, response) => {
    const isScript = url === '/app.js';
    response
      .writeHead(200, { 'content-type': `${isScript ? 'text/javascript' : 'text/html'}; charset=utf-8` })
      .end(isScript ? script?.contents : PAGE);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    pageFor: (endpoint, apiKey) =>
      `http://127.0.0.1:${port}/?${new URLSearchParams({ endpoint, key: apiKey }).toString()}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
