import { TARGET_WAIT_SECONDS } from '../contract/fleet.ts';
import { MAX_ACTIVE_TASKS_PER_OWNER } from '../contract/limits.ts';
import { isCron } from './cron.ts';

/** What a deployment can choose. Everything else is the same everywhere. */
export interface Config {
  readonly api: {
    /** Whether an API key exists. All its holders are one tenant: for a backend of one's own, or a demo. */
    readonly apiKey: boolean;
    readonly apiKeyDays: number;
    /** Tasks of one owner that may be under way at a time: what keeps one of them from filling the queue. */
    readonly maxActiveTasksPerOwner: number;
  };
  readonly workers: WorkersConfig;
}

export interface WorkersConfig {
  /** Instances that are there at all times, and at most. */
  readonly minCapacity: number;
  readonly maxCapacity: number;
  /** With a GPU: the WebUI needs one. The first is preferred, the others are for when there is none of it. */
  readonly instanceTypes: readonly string[];
  /** Instances that are on demand before any is spot. */
  readonly onDemandBase: number;
  /** Of those above the base. None unless told: a new account's quota of spot instances with a GPU is 0. */
  readonly spotPercent: number;
  /** Capacity is raised when somebody would wait longer than that for a GPU. */
  readonly targetWaitSeconds: number;
  /** How long the last instance stays with nothing to do. */
  readonly idleSeconds: number;
  /** Of all instances together, in the currency of the price. Absent: `maxCapacity` alone limits. */
  readonly budgetPerHour?: number;
  /** Of one instance, of the dearest type. */
  readonly pricePerHour?: number;
  /** Times at which the capacity's bounds change. */
  readonly schedules: readonly CapacitySchedule[];
  /**
   * SSM parameter that holds the id of an AMI with an NVIDIA driver, Node 24, the AWS CLI and the WebUI as systemd unit
   * `sd-webui` on port 7861.
   */
  readonly amiParameter: string;
  readonly volumeGb: number;
}

/** From then on, until another one says otherwise. */
export interface CapacitySchedule {
  readonly name: string;
  /** Cron's five fields. */
  readonly cron: string;
  readonly minCapacity: number;
  /** Absent: stays what it is. */
  readonly maxCapacity?: number;
  /** As IANA names it; UTC unless told. */
  readonly timeZone?: string;
}

export type ConfigOverrides = { readonly [K in keyof Config]?: Partial<Config[K]> };

export const DEFAULT_CONFIG: Config = {
  api: { apiKey: true, apiKeyDays: 365, maxActiveTasksPerOwner: MAX_ACTIVE_TASKS_PER_OWNER },
  workers: {
    minCapacity: 1,
    maxCapacity: 4,
    instanceTypes: ['g5.xlarge'],
    onDemandBase: 0,
    spotPercent: 0,
    targetWaitSeconds: TARGET_WAIT_SECONDS,
    idleSeconds: 150,
    schedules: [],
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
  const problems = [...strangersIn(overrides), ...problemsOf(config)];
  if (problems.length > 0) throw new Error(`This configuration can't work: ${problems.join('; ')}`);
  return config;
};

const OPTIONAL = ['budgetPerHour', 'pricePerHour'];

/** They come as JSON from a command line: a choice that is not there would be ignored, and something else deployed. */
const strangersIn = (overrides: ConfigOverrides): string[] => {
  const known = new Map<string, object>(Object.entries(DEFAULT_CONFIG));
  return Object.entries(overrides).flatMap(([section, choices]) =>
    Object.keys(choices)
      .filter((name) => !Object.hasOwn(known.get(section) ?? {}, name) && !OPTIONAL.includes(name))
      .map((name) => `there is no choice ${section}.${name}`),
  );
};

/** What holds, or else the problem. */
type Check = readonly [holds: boolean, problem: string];

const problemsOf = ({ api, workers }: Config): string[] => {
  const checks: readonly Check[] = [
    ...capacityChecks(workers),
    ...instanceChecks(workers),
    ...budgetChecks(workers),
    ...workers.schedules.flatMap((schedule) => scheduleChecks(workers, schedule)),
    [
      !api.apiKey || isWhole(api.apiKeyDays, 1, 365),
      `api.apiKeyDays must be within 1 and 365, AppSync's own limit, not ${api.apiKeyDays}`,
    ],
    [
      isWhole(api.maxActiveTasksPerOwner, 1),
      `api.maxActiveTasksPerOwner must be a whole number from 1, not ${api.maxActiveTasksPerOwner}`,
    ],
  ];
  return checks.flatMap(([holds, problem]) => (holds ? [] : [problem]));
};

const isWhole = (value: number, least: number, most = Infinity): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

const isUnique = (values: readonly string[]): boolean => new Set(values).size === values.length;

const capacityChecks = (workers: WorkersConfig): Check[] => {
  const { minCapacity, maxCapacity, targetWaitSeconds, idleSeconds, schedules } = workers;
  return [
    [isWhole(minCapacity, 0), `workers.minCapacity must be a whole number from 0, not ${minCapacity}`],
    [isWhole(maxCapacity, 1), `workers.maxCapacity must be a whole number from 1, not ${maxCapacity}`],
    [
      minCapacity <= maxCapacity,
      `workers.minCapacity ${minCapacity} is above workers.maxCapacity ${maxCapacity}`,
    ],
    [
      isWhole(targetWaitSeconds, 30, 21_600),
      `workers.targetWaitSeconds must be within 30 and 21600, not ${targetWaitSeconds}`,
    ],
    [isWhole(idleSeconds, 5), `workers.idleSeconds must be a whole number from 5, not ${idleSeconds}`],
    [isUnique(schedules.map(({ name }) => name)), 'workers.schedules has two of the same name'],
  ];
};

/** Auto Scaling's own limit. */
const MAX_INSTANCE_TYPES = 40;

const instanceChecks = (workers: WorkersConfig): Check[] => {
  const { instanceTypes, onDemandBase, spotPercent, maxCapacity, amiParameter, volumeGb } = workers;
  return [
    [
      isWhole(instanceTypes.length, 1, MAX_INSTANCE_TYPES),
      `workers.instanceTypes must name 1 to ${MAX_INSTANCE_TYPES} types, not ${instanceTypes.length}`,
    ],
    [isUnique(instanceTypes), `workers.instanceTypes names a type twice: ${instanceTypes.join(', ')}`],
    ...instanceTypes.map((type): Check => [
      /^(g|p)\d/.test(type),
      `workers.instanceTypes: ${type} has no GPU: choose one of the g or p families`,
    ]),
    [isWhole(onDemandBase, 0), `workers.onDemandBase must be a whole number from 0, not ${onDemandBase}`],
    [
      onDemandBase <= maxCapacity,
      `workers.onDemandBase ${onDemandBase} is above workers.maxCapacity ${maxCapacity}`,
    ],
    [isWhole(spotPercent, 0, 100), `workers.spotPercent must be within 0 and 100, not ${spotPercent}`],
    [
      !(spotPercent > 0 && onDemandBase === maxCapacity),
      `workers.spotPercent ${spotPercent} is of nothing: workers.onDemandBase ${onDemandBase} is all that there may be`,
    ],
    [
      amiParameter.startsWith('/'),
      `workers.amiParameter must be the path of an SSM parameter, not ${amiParameter}`,
    ],
    [isWhole(volumeGb, 30), `workers.volumeGb must be at least 30, or no model fits, not ${volumeGb}`],
  ];
};

const budgetChecks = ({ budgetPerHour, pricePerHour, minCapacity }: WorkersConfig): Check[] => [
  [
    budgetPerHour === undefined || budgetPerHour > 0,
    `workers.budgetPerHour must be above 0, not ${budgetPerHour}`,
  ],
  [
    pricePerHour === undefined || pricePerHour > 0,
    `workers.pricePerHour must be above 0, not ${pricePerHour}`,
  ],
  [
    budgetPerHour === undefined || pricePerHour !== undefined,
    "workers.budgetPerHour can't be kept without workers.pricePerHour",
  ],
  [
    isPaid(minCapacity, budgetPerHour, pricePerHour),
    `workers.budgetPerHour ${budgetPerHour} does not pay for workers.minCapacity ${minCapacity} at ${pricePerHour} each`,
  ],
];

const isPaid = (count: number, budgetPerHour = Infinity, pricePerHour = 0): boolean =>
  count * pricePerHour <= budgetPerHour;

const scheduleChecks = (workers: WorkersConfig, schedule: CapacitySchedule): Check[] => {
  const { budgetPerHour, pricePerHour } = workers;
  const { name, cron, minCapacity, maxCapacity = workers.maxCapacity, timeZone } = schedule;
  const at = `workers.schedules.${name}`;
  return [
    [
      /^[A-Za-z][A-Za-z0-9-]*$/.test(name),
      `${at}: the name must begin with a letter and be of letters, digits and -`,
    ],
    [isCron(cron), `${at}: "${cron}" are not the five fields of cron`],
    [isWhole(minCapacity, 0), `${at}: minCapacity must be a whole number from 0, not ${minCapacity}`],
    [isWhole(maxCapacity, 1), `${at}: maxCapacity must be a whole number from 1, not ${maxCapacity}`],
    [minCapacity <= maxCapacity, `${at}: minCapacity ${minCapacity} is above maxCapacity ${maxCapacity}`],
    [
      isPaid(minCapacity, budgetPerHour, pricePerHour),
      `${at}: workers.budgetPerHour ${budgetPerHour} does not pay for ${minCapacity} at ${pricePerHour} each`,
    ],
    [timeZone === undefined || isTimeZone(timeZone), `${at}: there is no time zone ${timeZone}`],
  ];
};

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};
