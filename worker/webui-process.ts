import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

export interface WebuiRestart {
  /**
   * Has the WebUI restarted by whatever supervises it. Resolves when that was asked for, not when the WebUI answers
   * again; throws when no command is configured or it failed.
   */
  readonly restart: () => Promise<void>;
}

export interface WebuiRestartOptions {
  /** For `sh -c`. */
  readonly command: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const TIME_LIMIT_MS = 30_000;
/** What a failed command said may come after its end. */
const LAST_WORDS_MS = 1000;
const MAX_OUTPUT_CHARACTERS = 2000;

export const createWebuiRestart = ({ command, clock, logger }: WebuiRestartOptions): WebuiRestart => ({
  restart: async () => {
    if (command === undefined) {
      throw new Error("The WebUI can't be restarted: SD_WEBUI_RESTART_COMMAND is not set");
    }
    const { how, output } = await run(command, clock);
    if (how === 'exit code 0') {
      logger.info('WebUI restart asked for');
      return;
    }
    logger.error('WebUI restart command failed', { command, how, output });
    throw new Error(`The WebUI was not restarted: the command ended with ${how}`);
  },
});

interface Ending {
  /** `exit code 1`, `SIGKILL`, … */
  readonly how: string;
  readonly output: string;
}

const run = async (command: string, clock: Clock): Promise<Ending> => {
  // A group of its own, so that past the limit what the shell has started goes with it.
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT_CHARACTERS);
    });
  }
  const closed = new Promise((resolve) => child.once('close', resolve));
  const ended = new AbortController();
  const limit = clock.delay(TIME_LIMIT_MS, ended.signal).then(
    () => killGroup(child),
    () => undefined,
  );
  try {
    // Not `close`: a WebUI that was started in the background keeps the pipes open.
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (code !== 0) {
      await Promise.race([closed, clock.delay(LAST_WORDS_MS, ended.signal).catch(() => undefined)]);
    }
    return { how: signal ?? `exit code ${code}`, output: output.trim() };
  } finally {
    ended.abort();
    await limit;
    child.stdout.destroy();
    child.stderr.destroy();
  }
};

const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended in this very moment.
  }
};
