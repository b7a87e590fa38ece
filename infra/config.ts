import { MAX_ACTIVE_TASKS_PER_OWNER } from '../contract/limits.ts';

/** What a deployment can choose. Everything else is the same everywhere. */
export interface Config {
  readonly api: {
    /** Whether an API key exists. All its holders are one tenant: for a backend of one's own, or a demo. */
    readonly apiKey: boolean;
    readonly apiKeyDays: number;
    /** Tasks of one owner that may be under way at a time: what keeps one of them from filling the queue. */
    readonly maxActiveTasksPerOwner: number;
  };
  readonly workers: {
    /** Instances that are there at all times, and at most. */
    readonly minCapacity: number;
    readonly maxCapacity: number;
    /** With a GPU: the WebUI needs one. */
    readonly instanceType: string;
    /**
     * SSM parameter that holds the id of an AMI with an NVIDIA driver, Node 24, the AWS CLI and the WebUI as systemd unit
     * `sd-webui` on port 7861.
     */
    readonly amiParameter: string;
    readonly volumeGb: number;
  };
}

export type ConfigOverrides = { readonly [K in keyof Config]?: Partial<Config[K]> };

export const DEFAULT_CONFIG: Config = {
  api: { apiKey: true, apiKeyDays: 365, maxActiveTasksPerOwner: MAX_ACTIVE_TASKS_PER_OWNER },
  workers: {
    minCapacity: 1,
    maxCapacity: 4,
    instanceType: 'g5.xlarge',
    amiParameter: '/sd-async/worker-ami',
    volumeGb: 100,
  },
};

/** Fills in the defaults. Throws, naming every problem, for what can't work. */
export const toConfig = (overrides: ConfigOverrides = {}): Config => {
  const config: Config = {
    api: { ...DEFAULT_CONFIG.api, ...overrides.api },
    workers: { ...DEFAULT_CONFIG.workers, ...overrides.workers },
  };
  const problems = problemsOf(config);
  if (problems.length > 0) throw new Error(`This configuration can't work: ${problems.join('; ')}`);
  return config;
};

const problemsOf = ({ api, workers }: Config): string[] => {
  const { minCapacity, maxCapacity, instanceType, amiParameter, volumeGb } = workers;
  const whole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;
  const checks: readonly (readonly [boolean, string])[] = [
    [whole(minCapacity, 0), `workers.minCapacity must be a whole number from 0, not ${minCapacity}`],
    [whole(maxCapacity, 1), `workers.maxCapacity must be a whole number from 1, not ${maxCapacity}`],
    [
      minCapacity <= maxCapacity,
      `workers.minCapacity ${minCapacity} is above workers.maxCapacity ${maxCapacity}`,
    ],
    [
      /^(g|p)\d/.test(instanceType),
      `workers.instanceType ${instanceType} has no GPU: choose one of the g or p families`,
    ],
    [
      amiParameter.startsWith('/'),
      `workers.amiParameter must be the path of an SSM parameter, not ${amiParameter}`,
    ],
    [whole(volumeGb, 30), `workers.volumeGb must be at least 30, or no model fits, not ${volumeGb}`],
    [
      !api.apiKey || (whole(api.apiKeyDays, 1) && api.apiKeyDays <= 365),
      `api.apiKeyDays must be within 1 and 365, AppSync's own limit, not ${api.apiKeyDays}`,
    ],
    [
      whole(api.maxActiveTasksPerOwner, 1),
      `api.maxActiveTasksPerOwner must be a whole number from 1, not ${api.maxActiveTasksPerOwner}`,
    ],
  ];
  return checks.flatMap(([holds, problem]) => (holds ? [] : [problem]));
};
