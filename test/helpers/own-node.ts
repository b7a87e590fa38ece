import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The machine's own Node.js, which npm's scripts hide behind the pinned one. */
export const ownNode = (): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => !entry.includes('node_modules'))
    .map((entry) => join(entry, 'node'))
    .find((path) => existsSync(path));
