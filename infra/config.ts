import { TARGET_WAIT_SECONDS } from '../contract/fleet.ts';
import { MAX_ACTIVE_TASKS_PER_OWNER } from '../contract/limits.ts';
import { problemsOf } from './check-config.ts';

/** What a deployment can choose. Everything else is the same everywhere. */
export interface Config {
  readonly api: {
    /** Whether an API key exists. All its holders are one tenant: for a backend of one's own, or a demo. */
    readonly apiKey: boolean;
    readonly apiKeyDays: number;
    /** Tasks of one owner that may be under way at a time: what keeps one of them from filling the queue. */
    readonly maxActiveTasksPerOwner: number;
  };
  /** The default pool's instances. */
  readonly workers: WorkersConfig;
  /**
   * Pools beside the default one, by name: each with a queue and instances of its own, for the checkpoints that it names. What
   * one does not say is as in `workers`.
   */
  readonly pools: Readonly<Record<string, PoolConfig>>;
  readonly alarms: {
    /** Who is told when an alarm begins and ends; AWS asks there first whether that is wanted. Absent: nobody. */
    readonly email?: string;
  };
}

export interface PoolConfig extends WorkersConfig {
  /** Checkpoints that are on these instances alone; a task that asks for one of them goes here. */
  readonly models: readonly string[];
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
  /** How long the last instance stays with nothing to do. Absent: 150 s while tasks come often, else 5 s; docs/scaling.md. */
  readonly idleSeconds?: number;
  /** Of all instances together, in the currency of the price. Absent: `maxCapacity` alone limits. */
  readonly budgetPerHour?: number;
  /** Of one instance, of the dearest type. */
  readonly pricePerHour?: number;
  /** Times at which the capacity's bounds change. */
  readonly schedules: readonly CapacitySchedule[];
  /**
   * SSM parameter that holds the id of an AMI with an NVIDIA driver, Node 24, the AWS CLI, logrotate and the WebUI as systemd
   * unit `sd-webui` on port 7861; and with the Amazon CloudWatch agent (package `amazon-cloudwatch-agent`), without which
   * workers run, but their log and metrics stay on the instance.
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

export interface ConfigOverrides {
  readonly api?: Partial<Config['api']>;
  readonly workers?: Partial<WorkersConfig>;
  readonly pools?: Readonly<Record<string, Partial<WorkersConfig> & Pick<PoolConfig, 'models'>>>;
  readonly alarms?: Config['alarms'];
}

export const DEFAULT_CONFIG: Config = {
  api: { apiKey: true, apiKeyDays: 365, maxActiveTasksPerOwner: MAX_ACTIVE_TASKS_PER_OWNER },
  workers: {
    minCapacity: 0,
    maxCapacity: 4,
    instanceTypes: ['g5.xlarge'],
    onDemandBase: 0,
    spotPercent: 0,
    targetWaitSeconds: TARGET_WAIT_SECONDS,
    schedules: [],
    amiParameter: '/sd-async/worker-ami',
    volumeGb: 100,
  },
  pools: {},
  alarms: {},
};

/** Fills in the defaults. Throws, naming every problem, for what can't work. */
export const toConfig = (overrides: ConfigOverrides = {}): Config => {
  const workers = { ...DEFAULT_CONFIG.workers, ...overrides.workers };
  const pools = Object.entries(overrides.pools ?? {}).map(([name, pool]): [string, PoolConfig] => [
    name,
    // As JSON it may lack them, whatever its type says.
    { ...workers, ...pool, models: (pool as Partial<PoolConfig>).models ?? [] },
  ]);
  const config: Config = {
    api: { ...DEFAULT_CONFIG.api, ...overrides.api },
    workers,
    pools: Object.fromEntries(pools),
    alarms: { ...overrides.alarms },
  };
  const problems = [...strangersIn(overrides), ...problemsOf(config)];
  if (problems.length > 0) throw new Error(`This configuration can't work: ${problems.join('; ')}`);
  return config;
};

const OPTIONAL = ['budgetPerHour', 'pricePerHour', 'idleSeconds'];

/** They come as JSON from a command line: a choice that is not there would be ignored, and something else deployed. */
const strangersIn = ({ pools = {}, ...sections }: ConfigOverrides): string[] => {
  const { api, workers } = DEFAULT_CONFIG;
  const choices = new Set([...Object.keys(workers), ...OPTIONAL]);
  const known = new Map<string, ReadonlySet<string>>([
    ['api', new Set(Object.keys(api))],
    ['workers', choices],
    ['alarms', new Set(['email'])],
  ]);
  const strangers = (at: string, given: object, among: ReadonlySet<string> = new Set()): string[] =>
    Object.keys(given)
      .filter((name) => !among.has(name))
      .map((name) => `there is no choice ${at}.${name}`);
  return [
    ...Object.entries(sections).flatMap(([section, given]: [string, object]) =>
      strangers(section, given, known.get(section)),
    ),
    ...Object.entries(pools).flatMap(([name, given]) =>
      strangers(`pools.${name}`, given, new Set([...choices, 'models'])),
    ),
  ];
};
