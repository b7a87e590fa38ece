import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { readAssembly, synthesize, type Assembly, type SynthOptions } from '../infra/synth.ts';

const ROOT = join(import.meta.dirname, '..');
const CACHE = join(ROOT, 'node_modules/.cache/sd-async');
const KEEP_MS = 7 * 24 * 3600 * 1000;

/** Everything that can find its way into a template or an asset. */
const SOURCES = ['{contract,infra,ledger,resolvers,worker}/**/*.{ts,json}', '*.graphql', 'package-lock.json'];

/** Synthesizes, or takes what was synthesized before from the same sources and configuration: two seconds become none. */
export const synthesizeCached = (options: Pick<SynthOptions, 'config'>): Assembly => {
  const directory = join(CACHE, hashOf(options));
  if (!existsSync(directory)) {
    // Whole or not at all: another process may be doing the same.
    const unfinished = join(CACHE, `unfinished-${randomUUID()}`);
    mkdirSync(CACHE, { recursive: true });
    synthesize({ ...(options.config && { config: options.config }), outdir: unfinished });
    moveInto(unfinished, directory);
  }
  utimesSync(directory, new Date(), new Date());
  removeStale();
  return readAssembly(directory);
};

const hashOf = ({ config = {} }: Pick<SynthOptions, 'config'>): string => {
  const hash = createHash('sha256').update(JSON.stringify(config));
  const files = globSync(SOURCES, { cwd: ROOT, exclude: (path) => /node_modules|\.test\.ts$/.test(path) });
  for (const file of files.sort()) hash.update(`\0${file}\0`).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 32);
};

const moveInto = (from: string, to: string): void => {
  try {
    renameSync(from, to);
  } catch (error) {
    rmSync(from, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
};

const removeStale = (): void => {
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name);
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > KEEP_MS) rmSync(path, { recursive: true, force: true });
  }
};
