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
  /** Absent where the worker uses a WebUI that is not ours. */
  readonly webui: Child | undefined;
  readonly webuiUrl: string;
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

/** One EC2 instance: a worker process and the WebUI beside it. */
export const startInstance = async (options: InstanceOptions): Promise<Instance> => {
  const { instanceId, workerModule, environment, log } = options;
  let webui: Child | undefined;
  let webuiUrl: string;
  if ('url' in options.webui) {
    webuiUrl = options.webui.url;
  } else {
    webui = startChild({
      argv: [STAND_IN, '--port', '0', '--exit-with-parent', ...options.webui.arguments],
      env: {},
      log: (line) => log(`${instanceId} sd-webui`, line),
    });
    webuiUrl = await webui.waitForLine(toListeningUrl);
  }
  const worker = startChild({
    argv: [workerModule],
    env: { ...environment, [ENV.sdWebuiUrl]: webuiUrl, [ENV.workerId]: instanceId },
    log: (line) => log(`${instanceId} worker`, line),
  });
  return {
    instanceId,
    worker,
    webui,
    webuiUrl,
    stop: async () => {
      // The worker first: it makes the WebUI idle and hands its task back.
      await worker.stop(15_000);
      await webui?.stop();
    },
  };
};
