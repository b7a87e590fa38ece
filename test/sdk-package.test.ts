import { build } from 'esbuild';
import { encode } from 'fast-png';
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { otherNode } from './helpers/other-node.ts';
import { useStack } from './helpers/stack.ts';

/* The package as it would be published: built, type-checked by those who use it, and run, its README first. */

const stackOf = useStack();

const root = join(import.meta.dirname, '..');
// Inside the repository, where its packages are found.
const folder = join(root, `node_modules/.cache/sdk-package-${process.pid}`);

interface Example {
  readonly name: string;
  readonly code: string;
}

const readExamples = async (language: 'ts' | 'tsx'): Promise<Example[]> => {
  const text = await readFile(join(root, 'client-sdk/README.md'), 'utf8');
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))];
  return blocks.map(([, code = ''], index) => ({ name: `example-${index}.${language}`, code }));
};

/** What the examples take for granted. */
const GIVEN = `
declare const endpoint: string;
declare const apiKey: string;
declare const file: Blob;
declare const session: {
  accessToken(options: { forceRefresh: boolean }): Promise<string>;
  credentials(): Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken: string }>;
};
`;

beforeAll(async () => {
  execFileSync(process.execPath, [join(root, 'client-sdk/build.ts')]);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  await writeFile(join(folder, 'given.d.ts'), GIVEN);
  for (const language of ['ts', 'tsx'] as const)
    for (const { name, code } of await readExamples(language)) await writeFile(join(folder, name), code);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the declarations', () => {
  it.each([
    ['NodeNext', { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }],
    ['Bundler', { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }],
  ])("type the README's examples, with module resolution %s, without a cast", async (_name, options) => {
    const examples = [...(await readExamples('ts')), ...(await readExamples('tsx'))];
    expect(examples.length).toBeGreaterThan(8);
    const program = ts.createProgram(
      [...examples.map(({ name }) => join(folder, name)), join(folder, 'given.d.ts')],
      {
        ...options,
        target: ts.ScriptTarget.ESNext,
        lib: ['lib.esnext.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
        types: [],
        jsx: ts.JsxEmit.ReactJSX,
        noEmit: true,
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        // Amplify's own declarations do not stand this.
        skipLibCheck: true,
      },
    );
    const problems = ts
      .getPreEmitDiagnostics(program)
      .map(
        ({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      );
    expect(problems).toEqual([]);
  });
});

const run = promisify(execFile);
const other = otherNode();

describe('the package', () => {
  it(`does in Node.js what its README says, and in ${other.name} as well`, async () => {
    const examples = await readExamples('ts');
    const script = join(folder, 'all.mjs');
    await build({
      stdin: {
        contents: `${examples.map(({ name }) => `await import('./${name}');`).join('\n')}
          console.log('done', process.version);
          process.exit(0);`,
        resolveDir: folder,
      },
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      outfile: script,
    });
    const picture = encode({
      width: 128,
      height: 128,
      channels: 3,
      data: new Uint8Array(randomBytes(49_152)),
    });
    const prelude = join(folder, 'prelude.mjs');
    await writeFile(
      prelude,
      `Object.assign(globalThis, {
        endpoint: ${JSON.stringify(stackOf().urls.graphql)},
        apiKey: ${JSON.stringify(stackOf().apiKey)},
        file: new Blob([Buffer.from('${Buffer.from(picture).toString('base64')}', 'base64')]),
      });`,
    );
    const pinned = { path: process.execPath, version: /^v2/ };
    for (const { path, version } of [pinned, other]) {
      const { stdout } = await run(path, ['--import', prelude, script], { cwd: folder });
      expect(stdout).toMatch(/SUCCEEDED|QUEUED/);
      expect(stdout).toContain('txt2img.width is wrong');
      expect(stdout).toContain('was canceled');
      const [done, by] = stdout.trim().split('\n').at(-1)?.split(' ') ?? [];
      expect(done).toBe('done');
      expect(by).toMatch(version);
    }
  }, 60_000);

  it('brings into a page neither React nor what only Node.js has', async () => {
    const { metafile } = await build({
      stdin: { contents: "export { createClient } from '@sd-async/client';", resolveDir: folder },
      bundle: true,
      platform: 'browser',
      format: 'esm',
      metafile: true,
      write: false,
      logLevel: 'silent',
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.filter((path) => /node_modules\/react\/|src\/react|dist\/react|node:/.test(path))).toEqual(
      [],
    );
    expect(inputs.some((path) => path.includes('aws-amplify'))).toBe(true);
  });
});
