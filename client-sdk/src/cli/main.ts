#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { SYSTEM_TIMERS } from '../timers.ts';
import { UsageError } from './exit-codes.ts';
import { runCli } from './run-cli.ts';
import type { Terminal } from './terminal.ts';

/* The entry: the command `sd-async`. */

/** npm passes on the signal that the terminal has sent to its child as well: both are one press of Ctrl-C. */
const SAME_PRESS_MS = 250;

let listener: (() => void) | undefined;
let interruptedAt: number | undefined;
const onSignal = (): void => {
  const now = Date.now();
  if (interruptedAt !== undefined && now - interruptedAt < SAME_PRESS_MS) return;
  if (interruptedAt !== undefined || !listener) process.exit(130);
  interruptedAt = now;
  listener();
};
process.on('SIGINT', onSignal).on('SIGTERM', onSignal);

// Whoever reads has had enough, as in `sd-async list | head -1`.
process.stdout.on('error', () => process.exit(0));

const terminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  say: (line) => void process.stderr.write(`${line}\n`),
  isInteractive: process.stderr.isTTY === true,
  readInput: async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  },
  onInterrupt: (run) => {
    listener = run;
    return () => {
      if (listener === run) listener = undefined;
    };
  },
};

const readText = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} can't be read: ${(error as Error).message}`, { cause: error });
  }
};

const createId = (): string => crypto.randomUUID();
const exitCode = await runCli(process.argv.slice(2), {
  ...{ env: process.env, terminal, readText, createId, timers: SYSTEM_TIMERS },
});
// Amplify leaves a timer of 15 s behind (6.22): nothing here is left to wait for.
process.exit(exitCode);
