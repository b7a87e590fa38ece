import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/*
 * A GraphiQL page (package `graphiql`) for queries, mutations and subscriptions. AppSync's realtime protocol is not
 * graphql-transport-ws, so the page brings a fetcher of its own.
 */

const require = createRequire(import.meta.url);
const fileOf = (name: string, path: string): string =>
  join(dirname(require.resolve(`${name}/package.json`)), path);

const FILES: Readonly<Record<string, { readonly path: () => string; readonly type: string }>> = {
  '/graphiql/react.js': {
    path: () => fileOf('react', 'umd/react.production.min.js'),
    type: 'text/javascript',
  },
  '/graphiql/react-dom.js': {
    path: () => fileOf('react-dom', 'umd/react-dom.production.min.js'),
    type: 'text/javascript',
  },
  '/graphiql/graphiql.js': { path: () => fileOf('graphiql', 'graphiql.min.js'), type: 'text/javascript' },
  '/graphiql/graphiql.css': { path: () => fileOf('graphiql', 'graphiql.min.css'), type: 'text/css' },
  '/graphiql/page.js': { path: () => join(import.meta.dirname, 'graphiql-page.js'), type: 'text/javascript' },
};

/** Answers the page and its files; false for any other path. */
export const serveGraphiql = (
  path: string,
  response: ServerResponse,
  apiKey: string | undefined,
): boolean => {
  if (path === '/' || path === '/graphiql') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(toPage(apiKey ?? ''));
    return true;
  }
  const file = FILES[path];
  if (!file) return false;
  response.writeHead(200, { 'content-type': `${file.type}; charset=utf-8` }).end(readFileSync(file.path()));
  return true;
};

const toPage = (apiKey: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>GraphiQL</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/graphiql/graphiql.css" />
    <style>
      body { margin: 0 }
      #graphiql { height: 100vh }
    </style>
  </head>
  <body>
    <div id="graphiql" data-api-key="${apiKey}">Loading…</div>
    <script src="/graphiql/react.js"></script>
    <script src="/graphiql/react-dom.js"></script>
    <script src="/graphiql/graphiql.js"></script>
    <script src="/graphiql/page.js"></script>
  </body>
</html>
`;
