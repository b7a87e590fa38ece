import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Node.js beside the pinned one that runs the tests. */
export interface OtherNode {
  readonly name: string;
  readonly path: string;
  /** What its `process.version` is like. */
  readonly version: RegExp;
}

const NODE_20 = join(import.meta.dirname, '../node-20/node_modules/node/bin/node');

/** The oldest that the client runs in, where npm has it as a package; elsewhere whatever the machine has. */
export const otherNode = (): OtherNode => {
  if (process.platform === 'linux' && process.arch === 'x64') {
    // It is optional to npm, which leaves it out without a word where it can't be had.
    if (!existsSync(NODE_20)) throw new Error('Node.js 20 is not installed: npm ci');
    return { name: 'Node.js 20', path: NODE_20, version: /^v20\./ };
  }
  const path = ownNode() ?? process.execPath;
  return { name: "the machine's own Node.js, not 20, which is for Linux on x64", path, version: /^v2/ };
};

/** Which npm's scripts hide behind the pinned one. */
const ownNode = (): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => !entry.includes('node_modules'))
    .map((entry) => join(entry, 'node'))
    .find((path) => existsSync(path));
