import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const HELP = `What the client weighs in a page, beside Amplify alone and the clients of other queues: all bundled by esbuild for a browser,
minified, before and after gzip.

  npm run bench:bundle -- [options]

  --json
`;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const root = join(import.meta.dirname, '..');

interface Candidate {
  readonly name: string;
  readonly folder: string;
  /** Of the page. */
  readonly script: string;
  /** What the number alone does not say. */
  readonly note: string;
}

const CANDIDATES: readonly Candidate[] = [
  {
    name: '@sd-async/client',
    folder: 'client-sdk',
    script: "import { createClient } from '@sd-async/client'; console.log(createClient);",
    note: 'Amplify included; is pushed to over a WebSocket',
  },
  {
    name: 'aws-amplify',
    folder: 'node_modules/aws-amplify',
    script: `import { createAmplifyContext } from 'aws-amplify';
      import { generateClient } from 'aws-amplify/api';
      import { Hub } from 'aws-amplify/utils';
      console.log(createAmplifyContext, generateClient, Hub);`,
    note: 'as much of it as the client uses',
  },
  {
    name: '@fal-ai/client',
    folder: 'node_modules/@fal-ai/client',
    script: "import { createFalClient } from '@fal-ai/client'; console.log(createFalClient);",
    note: 'polls or reads a stream of events; a page needs a proxy that keeps the key',
  },
  {
    name: 'replicate',
    folder: 'node_modules/replicate',
    script: "import Replicate from 'replicate'; console.log(Replicate);",
    note: "polls; bundles as it is, but its README says that the API can't be reached from a page",
  },
];

const weigh = async ({ name, folder, script, note }: Candidate) => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: script, resolveDir: join(root, 'bench') },
    // Not what was built last, if it was.
    alias: { '@sd-async/client': join(root, 'client-sdk/src/index.ts') },
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    metafile: true,
    write: false,
  });
  const bundle = outputFiles[0]?.contents ?? new Uint8Array();
  const { version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  // What of Node.js, or else, the page would have to bring itself.
  const leftOut = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  return { name, version, bytes: bundle.length, gzipBytes: gzipSync(bundle).length, leftOut, note };
};

const toKilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`.padStart(9);

if (values.help) process.stdout.write(HELP);
else {
  const weights = await Promise.all(CANDIDATES.map(weigh));
  const lines = weights.map(
    ({ name, version, bytes, gzipBytes, leftOut, note }) =>
      `${`${name} ${version}`.padEnd(24)}${toKilobytes(bytes)}  ${toKilobytes(gzipBytes)}  ` +
      `${note}${leftOut.length > 0 ? `; without ${leftOut.join(', ')}` : ''}\n`,
  );
  const head = `${''.padEnd(24)} minified       gzip\n`;
  process.stdout.write(values.json ? `${JSON.stringify(weights)}\n` : head + lines.join(''));
}
