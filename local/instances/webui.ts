import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startChild, type Child } from './child-process.ts';

/** The WebUI beside a worker: the stand-in with these settings, or a real one somewhere else. */
export type WebuiOptions = { readonly url: string } | { readonly arguments: readonly string[] };

export interface Webui {
  readonly url: string;
  /** Shell command that has it restarted. Absent where the WebUI is not ours to restart. */
  readonly restartCommand: string | undefined;
  /** The process that runs now. Absent where it is not ours. */
  readonly child: () => Child | undefined;
  readonly stop: () => Promise<void>;
}

const STAND_IN = fileURLToPath(new URL('../sd-webui/main.ts', import.meta.url));
const RESTART_DELAY_MS = 200;

export const startWebui = async (options: WebuiOptions, log: (line: string) => void): Promise<Webui> =>
  'url' in options
    ? {
        url: options.url,
        restartCommand: undefined,
        child: () => undefined,
        stop: () => Promise.resolve(),
      }
    : startStandIn(options.arguments, log);

/** The stand-in, started again on the same port whenever it ends, as systemd does it on the AMI. */
const startStandIn = async (options: readonly string[], log: (line: string) => void): Promise<Webui> => {
  const stopping = new AbortController();
  const folder = mkdtempSync(join(tmpdir(), 'sd-async-webui-'));
  const pidFile = join(folder, 'pid');
  const spawnOn = (port: string): Child => {
    const child = startChild({
      argv: [STAND_IN, '--port', port, '--exit-with-parent', ...options],
      env: {},
      log,
    });
    writeFileSync(pidFile, String(child.pid));
    return child;
  };

  let child = spawnOn('0');
  const url = await child.waitForLine(toListeningUrl);
  const { port } = new URL(url);
  const restartWhenGone = async (): Promise<void> => {
    const { code, signal } = await child.exited;
    if (stopping.signal.aborted) return;
    log(`ended (${signal ?? `exit code ${code}`}), starting again`);
    await delay(RESTART_DELAY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    if (stopping.signal.aborted) return;
    child = spawnOn(port);
    await restartWhenGone();
  };
  const supervision = restartWhenGone();
  return {
    url,
    // Hard, as a GPU process that hangs needs it. One that has just ended is about to be started again anyway.
    restartCommand: `kill -KILL "$(cat '${pidFile}')" 2> /dev/null || true`,
    child: () => child,
    stop: async () => {
      stopping.abort();
      await child.stop();
      await supervision;
      rmSync(folder, { recursive: true });
    },
  };
};

const toListeningUrl = (line: string): string | undefined => {
  try {
    const { event, url } = JSON.parse(line) as { event?: string; url?: string };
    return event === 'listening' ? url : undefined;
  } catch {
    return undefined;
  }
};
