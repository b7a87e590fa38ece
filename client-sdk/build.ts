import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/* Makes the package out of the source: `dist/` with JavaScript and declarations. Inside the repository nobody needs it. */

const folder = import.meta.dirname;
const dist = join(folder, 'dist');
rmSync(dist, { recursive: true, force: true });

await build({
  entryPoints: ['src/index.ts', 'src/react/index.ts', 'src/cli/main.ts'].map((file) => join(folder, file)),
  outbase: join(folder, 'src'),
  outdir: dist,
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
});

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', join(folder, 'tsconfig.build.json')], { stdio: 'inherit' });
// TypeScript leaves the `.ts` of imports in declarations as it is.
for (const name of globSync('**/*.d.ts', { cwd: dist })) {
  const file = join(dist, name);
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(['"]\.{1,2}\/[^'"]+)\.ts(['"])/g, '$1.js$2'));
}
cpSync(join(folder, '../LICENSE'), join(dist, 'LICENSE'));
