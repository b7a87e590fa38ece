import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ENV } from '../../contract/env.ts';
import { startChild, type Child } from './child-process.ts';

/** The WebUI beside a worker: the stand-in with these settings, or a real one somewhere else. */
export type WebuiOptions = { readonly url: string } | { readonly arguments: readonly string[] };

export interface InstanceOptions {
  readonly instanceId: string;
  /** The worker as it is deployed: the asset's entry. */
  readonly workerModule: string;
  /** What user data would write on EC2: the SSM parameter, the region, the role's credentials. */
  readonly environment: Readonly<Record<string, string>>;
  readonly webui: WebuiOptions;
  readonly log: (source: string, line: string) => void;
}

export interface Instance {
  readonly instanceId: string;
  readonly worker: Child;
  readonly webuiUrl: string;
  /** Ends the stand-in, which is then started again; a real WebUI stays. */
  readonly killWebui: (signal: NodeJS.Signals) => void;
  /** Of its processes, as they are now. */
  readonly pids: () => readonly number[];
  readonly stop: () => Promise<void>;
}

const STAND_IN = fileURLToPath(new URL('../sd-webui/main.ts', import.meta.url));

const toListeningUrl = (line: string): string | undefined => {
  try {
    const { event, url } = JSON.parse(line) as { event?: string; url?: string };
    return event === 'listening' ? url : undefined;
  } catch {
    return undefined;
  }
};

interface Webui {
  readonly url: string;
  readonly child: () => Child | undefined;
  readonly stop: () => Promise<void>;
}

const RESTART_DELAY_MS = 200;

/** The stand-in, started again on the same port whenever it ends, as systemd does it on the AMI. */
const startWebui = async (options: readonly string[], log: (line: string) => void): Promise<Webui> => {
  const stopping = new AbortController();
  const spawnOn = (port: string): Child =>
    startChild({ argv: [STAND_IN, '--port', port, '--exit-with-parent', ...options], env: {}, log });

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
    child: () => child,
    stop: async () => {
      stopping.abort();
      await child.stop();
      await supervision;
    },
  };
};

/** One EC2 instance: a worker process and the WebUI beside it. */
export const startInstance = async (options: InstanceOptions): Promise<Instance> => {
  const { instanceId, workerModule, environment, log } = options;
  const webui =
    'url' in options.webui
      ? { url: options.webui.url, child: () => undefined, stop: () => Promise.resolve() }
      : await startWebui(options.webui.arguments, (line) => log(`${instanceId} sd-webui`, line));
  const worker = startChild({
    argv: [workerModule],
    env: { ...environment, [ENV.sdWebuiUrl]: webui.url, [ENV.workerId]: instanceId },
    log: (line) => log(`${instanceId} worker`, line),
  });
  return {
    instanceId,
    worker,
    webuiUrl: webui.url,
    killWebui: (signal) => webui.child()?.kill(signal),
    pids: () => [worker, webui.child()].flatMap((child) => child?.pid ?? []),
    stop: async () => {
      // The worker first: it makes the WebUI idle and hands its task back.
      await worker.stop(15_000);
      await webui.stop();
    },
  };
};
