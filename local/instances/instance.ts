import { ENV } from '../../contract/env.ts';
import { startMetadataService, type MetadataService } from '../auto-scaling/metadata-service.ts';
import { startChild, type Child } from './child-process.ts';
import { startWebui, type Webui, type WebuiOptions } from './webui.ts';

export interface InstanceOptions {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly region: string;
  readonly accountId: string;
  /** Milliseconds since 1970. */
  readonly launchedAt: number;
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
  readonly metadata: MetadataService;
  /** Where the worker answers `/health`; undefined before it has said so. */
  readonly healthUrl: () => string | undefined;
  /** Ends the stand-in, which is then started again; a real WebUI stays. */
  readonly killWebui: (signal: NodeJS.Signals) => void;
  /** Of its processes, as they are now. */
  readonly pids: () => readonly number[];
  readonly stop: () => Promise<void>;
}

/** What a worker is given to leave, and the stack to stop: a person waits for it here, and no GPU is paid for. */
const DRAIN_SECONDS = 10;
const STOP_MS = 15_000;

/** One EC2 instance: a worker process, the WebUI beside it, and the instance's metadata. */
export const startInstance = async (options: InstanceOptions): Promise<Instance> => {
  const { instanceId, workerModule, log } = options;
  const webui = await startWebui(options.webui, (line) => log(`${instanceId} sd-webui`, line));
  const metadata = await startMetadataService(options);
  let healthUrl: string | undefined;
  const worker = startChild({
    argv: [workerModule],
    env: toEnvironment(options, webui, metadata),
    log: (line) => {
      healthUrl ??= toHealthUrl(line);
      log(`${instanceId} worker`, line);
    },
  });
  return {
    instanceId,
    worker,
    webuiUrl: webui.url,
    metadata,
    healthUrl: () => healthUrl,
    killWebui: (signal) => webui.child()?.kill(signal),
    pids: () => [worker, webui.child()].flatMap((child) => child?.pid ?? []),
    stop: async () => {
      // The worker first: it makes the WebUI idle and hands its task back.
      await worker.stop(STOP_MS);
      await webui.stop();
      await metadata.stop();
    },
  };
};

/** The template's environment, but for what is of this machine. */
const toEnvironment = (
  { instanceId, environment }: InstanceOptions,
  webui: Webui,
  metadata: MetadataService,
): Record<string, string> => {
  // Systemd's way is not to be had here.
  const { [ENV.sdWebuiRestartCommand]: _systemd, ...rest } = environment;
  return {
    ...rest,
    [ENV.workerId]: instanceId,
    [ENV.sdWebuiUrl]: webui.url,
    ...(webui.restartCommand !== undefined && { [ENV.sdWebuiRestartCommand]: webui.restartCommand }),
    // Several workers share this machine.
    [ENV.healthPort]: '0',
    [ENV.drainSeconds]: String(DRAIN_SECONDS),
    AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
  };
};

/** The worker's log says where, since its port is any free one. */
const toHealthUrl = (line: string): string | undefined =>
  /"(http:\/\/127\.0\.0\.1:\d+\/health)"/.exec(line)?.[1];
