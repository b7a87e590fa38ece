import { randomUUID } from 'node:crypto';
import { TemplateError } from '../template/types.ts';
import { ACCOUNT_ID, REGION, type Deployment } from './deployment.ts';
import { functionOf, type DeployedFunction } from './functions.ts';

/* AWS::Events::Rule with a pattern: events of the services that are played here go to the functions that want them. */

interface RuleProperties {
  readonly EventPattern?: Pattern;
  readonly State?: 'ENABLED' | 'DISABLED';
  readonly Targets?: readonly { readonly Id: string; readonly Arn: string }[];
}

type Pattern = { readonly [field: string]: readonly string[] | Pattern };

/** What a service tells of itself. */
export interface ServiceEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface EventRules {
  /** Invokes, and does not wait for, every function whose rule the event meets. */
  readonly emit: (event: ServiceEvent) => void;
}

export const createEventRules = (options: {
  readonly deployment: Deployment;
  readonly functions: ReadonlyMap<string, DeployedFunction>;
  readonly log: (source: string, line: string) => void;
}): EventRules => {
  const { deployment, functions, log } = options;
  const rules = deployment.idsOf('AWS::Events::Rule').flatMap((logicalId) => {
    const { EventPattern, State, Targets = [] } = deployment.propertiesOf<RuleProperties>(logicalId);
    if (!EventPattern || State === 'DISABLED') return [];
    refuseUnknown(logicalId, EventPattern);
    const invoked = Targets.map(({ Arn }) => functionOf(functions, Arn, logicalId).fn);
    return [{ logicalId, pattern: EventPattern, invoked }];
  });

  return {
    emit: ({ source, detailType, detail }) => {
      const event = toEvent(source, detailType, detail);
      for (const { logicalId, invoked } of rules.filter(({ pattern }) => meets(event, pattern))) {
        for (const fn of invoked) {
          void fn.invoke(event).then((reply) => {
            if ('error' in reply) log(logicalId, `${reply.error.errorType}: ${reply.error.errorMessage}`);
          });
        }
      }
    },
  };
};

/** Each field that the pattern names has one of the values (EventBridge user guide, "Creating event patterns"). */
const meets = (event: unknown, pattern: Pattern): boolean =>
  Object.entries(pattern).every(([field, wanted]) => {
    const value = (event as Record<string, unknown> | undefined)?.[field];
    return isValues(wanted) ? wanted.includes(String(value)) : meets(value, wanted);
  });

const isValues = (wanted: readonly string[] | Pattern): wanted is readonly string[] => Array.isArray(wanted);

const refuseUnknown = (logicalId: string, pattern: Pattern): void => {
  for (const wanted of Object.values(pattern)) {
    if (!isValues(wanted)) refuseUnknown(logicalId, wanted);
    else if (wanted.some((value) => typeof value !== 'string')) {
      throw new TemplateError(`${logicalId}: the local runner knows patterns of plain values only`);
    }
  }
};

const toEvent = (source: string, detailType: string, detail: object): object => ({
  version: '0',
  id: randomUUID(),
  'detail-type': detailType,
  source,
  account: ACCOUNT_ID,
  time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  region: REGION,
  resources: [],
  detail,
});
