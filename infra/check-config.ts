import { DEFAULT_POOL } from '../contract/fleet.ts';
import type { CapacitySchedule, Config, WorkersConfig } from './config.ts';
import { isCron } from './cron.ts';

/** What holds, or else the problem. */
type Check = readonly [holds: boolean, problem: string];

/** What can't work, each problem as a sentence with the choice that it is about. */
export const problemsOf = ({ api, workers, pools, alarms }: Config): string[] => {
  const checks: readonly Check[] = [
    ...workersChecks('workers', workers),
    ...poolsChecks(pools),
    ...Object.entries(pools).flatMap(([name, pool]) => workersChecks(`pools.${name}`, pool)),
    [
      !api.apiKey || isWhole(api.apiKeyDays, 1, 365),
      `api.apiKeyDays must be within 1 and 365, AppSync's own limit, not ${api.apiKeyDays}`,
    ],
    [
      isWhole(api.maxActiveTasksPerOwner, 1),
      `api.maxActiveTasksPerOwner must be a whole number from 1, not ${api.maxActiveTasksPerOwner}`,
    ],
    [
      alarms.email === undefined || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(alarms.email),
      `alarms.email must be one address, not ${alarms.email}`,
    ],
  ];
  return checks.flatMap(([holds, problem]) => (holds ? [] : [problem]));
};

const isWhole = (value: number, least: number, most = Infinity): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

const isUnique = (values: readonly string[]): boolean => new Set(values).size === values.length;

const workersChecks = (at: string, workers: WorkersConfig): Check[] => [
  ...capacityChecks(at, workers),
  ...instanceChecks(at, workers),
  ...budgetChecks(at, workers),
  ...workers.schedules.flatMap((schedule) => scheduleChecks(at, workers, schedule)),
];

/** Of 4 KB that Lambda has for all variables, queue URLs among them. */
const MODELS_CHARACTERS = 1500;

const poolsChecks = (pools: Config['pools']): Check[] => {
  const models = Object.values(pools).flatMap((pool) => pool.models);
  return [
    ...Object.entries(pools).flatMap(([name, pool]): Check[] => [
      [
        /^[a-z][a-z0-9-]{0,30}$/.test(name) && name !== DEFAULT_POOL,
        `pools.${name}: the name must begin with a letter, be of small letters, digits and -, and not be ${DEFAULT_POOL}`,
      ],
      [pool.models.length > 0, `pools.${name}.models names no checkpoint: nothing would ever go there`],
    ]),
    [isUnique(models), 'pools: two of them name the same checkpoint'],
    [
      models.join().length <= MODELS_CHARACTERS,
      `pools: their checkpoints have ${models.join().length} characters, and ${MODELS_CHARACTERS} fit into a function's environment`,
    ],
  ];
};

const capacityChecks = (at: string, workers: WorkersConfig): Check[] => {
  const { minCapacity, maxCapacity, targetWaitSeconds, idleSeconds, schedules } = workers;
  return [
    [isWhole(minCapacity, 0), `${at}.minCapacity must be a whole number from 0, not ${minCapacity}`],
    [isWhole(maxCapacity, 1), `${at}.maxCapacity must be a whole number from 1, not ${maxCapacity}`],
    [
      minCapacity <= maxCapacity,
      `${at}.minCapacity ${minCapacity} is above ${at}.maxCapacity ${maxCapacity}`,
    ],
    [
      isWhole(targetWaitSeconds, 5, 21_600),
      `${at}.targetWaitSeconds must be within 5 and 21600, not ${targetWaitSeconds}`,
    ],
    [
      idleSeconds === undefined || isWhole(idleSeconds, 5),
      `${at}.idleSeconds must be a whole number from 5, not ${idleSeconds}`,
    ],
    [isUnique(schedules.map(({ name }) => name)), `${at}.schedules has two of the same name`],
  ];
};

/** Auto Scaling's own limit. */
const MAX_INSTANCE_TYPES = 40;

const instanceChecks = (at: string, workers: WorkersConfig): Check[] => {
  const { instanceTypes, onDemandBase, spotPercent, maxCapacity, amiParameter, volumeGb } = workers;
  return [
    [
      isWhole(instanceTypes.length, 1, MAX_INSTANCE_TYPES),
      `${at}.instanceTypes must name 1 to ${MAX_INSTANCE_TYPES} types, not ${instanceTypes.length}`,
    ],
    [isUnique(instanceTypes), `${at}.instanceTypes names a type twice: ${instanceTypes.join(', ')}`],
    ...instanceTypes.map((type): Check => [
      /^(g|p)\d/.test(type),
      `${at}.instanceTypes: ${type} has no GPU: choose one of the g or p families`,
    ]),
    [isWhole(onDemandBase, 0), `${at}.onDemandBase must be a whole number from 0, not ${onDemandBase}`],
    [
      onDemandBase <= maxCapacity,
      `${at}.onDemandBase ${onDemandBase} is above ${at}.maxCapacity ${maxCapacity}`,
    ],
    [isWhole(spotPercent, 0, 100), `${at}.spotPercent must be within 0 and 100, not ${spotPercent}`],
    [
      !(spotPercent > 0 && onDemandBase === maxCapacity),
      `${at}.spotPercent ${spotPercent} is of nothing: ${at}.onDemandBase ${onDemandBase} is all that there may be`,
    ],
    [
      amiParameter.startsWith('/'),
      `${at}.amiParameter must be the path of an SSM parameter, not ${amiParameter}`,
    ],
    [isWhole(volumeGb, 30), `${at}.volumeGb must be at least 30, or no model fits, not ${volumeGb}`],
  ];
};

const budgetChecks = (at: string, { budgetPerHour, pricePerHour, minCapacity }: WorkersConfig): Check[] => [
  [
    budgetPerHour === undefined || budgetPerHour > 0,
    `${at}.budgetPerHour must be above 0, not ${budgetPerHour}`,
  ],
  [pricePerHour === undefined || pricePerHour > 0, `${at}.pricePerHour must be above 0, not ${pricePerHour}`],
  [
    budgetPerHour === undefined || pricePerHour !== undefined,
    `${at}.budgetPerHour can't be kept without ${at}.pricePerHour`,
  ],
  [
    isPaid(minCapacity, budgetPerHour, pricePerHour),
    `${at}.budgetPerHour ${budgetPerHour} does not pay for ${at}.minCapacity ${minCapacity} at ${pricePerHour} each`,
  ],
];

const isPaid = (count: number, budgetPerHour = Infinity, pricePerHour = 0): boolean =>
  count * pricePerHour <= budgetPerHour;

const scheduleChecks = (section: string, workers: WorkersConfig, schedule: CapacitySchedule): Check[] => {
  const { budgetPerHour, pricePerHour } = workers;
  const { name, cron, minCapacity, maxCapacity = workers.maxCapacity, timeZone } = schedule;
  const at = `${section}.schedules.${name}`;
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
      `${at}: ${section}.budgetPerHour ${budgetPerHour} does not pay for ${minCapacity} at ${pricePerHour} each`,
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
