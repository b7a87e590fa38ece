import { randomUUID } from 'node:crypto';
import { TemplateError } from '../template/types.ts';
import { ACCOUNT_ID, REGION, type Deployment } from './deployment.ts';
import { functionOf, type DeployedFunction } from './functions.ts';

interface RuleProperties {
  readonly ScheduleExpression?: string;
  readonly EventPattern?: object;
  readonly State?: 'ENABLED' | 'DISABLED';
  readonly Targets?: readonly { readonly Id: string; readonly Arn: string }[];
}

interface Schedule {
  readonly logicalId: string;
  readonly periodMs: number;
  readonly run: () => Promise<unknown>;
}

export interface Schedules {
  /**
   * Runs every schedule now, or those whose logical id begins with the name, and answers what their functions replied, in the
   * template's order. Rejects when one failed.
   */
  readonly tick: (name?: string) => Promise<readonly unknown[]>;
  readonly stop: () => void;
}

export interface SchedulesOptions {
  readonly deployment: Deployment;
  readonly functions: ReadonlyMap<string, DeployedFunction>;
  readonly log: (source: string, line: string) => void;
}

/** EventBridge rules with a rate: each period, and whenever they are told to. */
export const startSchedules = ({ deployment, functions, log }: SchedulesOptions): Schedules => {
  const { idsOf, propertiesOf, physical } = deployment;

  const schedules = idsOf('AWS::Events::Rule').flatMap((logicalId): Schedule[] => {
    const rule = propertiesOf<RuleProperties>(logicalId);
    const { ScheduleExpression, State = 'ENABLED', Targets = [] } = rule;
    // A rule with a pattern alone is none of these.
    if (State !== 'ENABLED' || (rule.EventPattern && ScheduleExpression === undefined)) return [];
    const periodMs = toPeriodMs(logicalId, ScheduleExpression);
    const ruleArn = physical(logicalId).attributes.Arn ?? '';
    return Targets.map((target) => {
      refuseUnknown(logicalId, target);
      const { fn } = functionOf(functions, target.Arn, logicalId);
      const run = async (): Promise<unknown> => {
        const reply = await fn.invoke(toScheduledEvent(ruleArn));
        if ('payload' in reply) return reply.payload;
        throw new Error(`${logicalId}: ${reply.error.errorType}: ${reply.error.errorMessage}`);
      };
      return { logicalId, periodMs, run };
    });
  });

  const timers = schedules.map(({ logicalId, periodMs, run }) =>
    setInterval(() => {
      run().catch((error: unknown) => log(logicalId, String(error)));
    }, periodMs).unref(),
  );

  return {
    tick: async (name = '') => {
      const chosen = schedules.filter(({ logicalId }) => logicalId.startsWith(name));
      if (chosen.length === 0) {
        const known = schedules.map(({ logicalId }) => logicalId).join(', ');
        throw new Error(`No schedule begins with ${name}. There are: ${known}`);
      }
      return Promise.all(chosen.map(({ run }) => run()));
    },
    stop: () => timers.forEach((timer) => clearInterval(timer)),
  };
};

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

const toPeriodMs = (logicalId: string, expression = ''): number => {
  const [, count = '', unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const unitMs = UNITS[unit];
  if (unitMs === undefined) {
    throw new TemplateError(
      `${logicalId}: the local runner knows rate(…) of minutes, hours and days, not "${expression}"`,
    );
  }
  return Number(count) * unitMs;
};

const refuseUnknown = (logicalId: string, target: object): void => {
  const unknown = Object.keys(target).filter((name) => !['Id', 'Arn'].includes(name));
  if (unknown.length === 0) return;
  throw new TemplateError(`${logicalId}: the local runner knows no ${unknown.join(', ')} of a target`);
};

/** EventBridge user guide, "Creating a rule that runs on a schedule". */
const toScheduledEvent = (ruleArn: string): object => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: ACCOUNT_ID,
  time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  region: REGION,
  resources: [ruleArn],
  detail: {},
});
