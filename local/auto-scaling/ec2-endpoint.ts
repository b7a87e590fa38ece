import type {
  AutoScalingGroup,
  GroupDescription,
  MemberDescription,
} from '../instances/auto-scaling-group.ts';
import {
  ec2ListOf,
  QueryError,
  toEc2Answer,
  toEc2Failure,
  type QueryEndpoint,
  type XmlValue,
} from './query-protocol.ts';

export interface Ec2EndpointOptions {
  readonly groups: () => readonly AutoScalingGroup[];
  readonly region: string;
  readonly accountId: string;
}

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';

/** By name, as EC2 numbers them. */
const STATES = { pending: '0', running: '16', 'shutting-down': '32' } as const;

type StateName = keyof typeof STATES;

/**
 * The calls of EC2's API, version 2016-11-15, with which an operator looks at instances and ends one from outside its group. One
 * that has gone is not listed any more, while EC2 would for an hour.
 */
export const createEc2Endpoint = (options: Ec2EndpointOptions): QueryEndpoint => {
  const found = (form: URLSearchParams): Found[] => {
    const asked = ec2ListOf(form, 'InstanceId');
    const all = options.groups().flatMap((group) => {
      const description = group.describe();
      return description.members.map((member): Found => ({ group, description, member }));
    });
    const missing = asked.filter((id) => !all.some(({ member }) => member.instanceId === id));
    if (missing.length > 0) {
      const [what, have] = missing.length === 1 ? ['ID', 'does'] : ['IDs', 'do'];
      const message = `The instance ${what} '${missing.join(', ')}' ${have} not exist`;
      throw new QueryError('InvalidInstanceID.NotFound', message);
    }
    return asked.length === 0 ? all : all.filter(({ member }) => asked.includes(member.instanceId));
  };

  const actions: Readonly<Record<string, (form: URLSearchParams) => { readonly [name: string]: XmlValue }>> =
    {
      DescribeInstances: (form) => {
        if ([...form.keys()].some((name) => name.startsWith('Filter.'))) {
          throw new QueryError('InvalidParameterValue', 'The local EC2 knows no filters');
        }
        return {
          reservationSet: found(form).map(({ description, member }) => ({
            reservationId: `r-${member.instanceId.slice(2)}`,
            ownerId: options.accountId,
            instancesSet: [toInstance(description, member, options.region)],
          })),
        };
      },

      TerminateInstances: (form) => {
        if (ec2ListOf(form, 'InstanceId').length === 0) {
          throw new QueryError('MissingParameter', 'The request must contain the parameter InstanceId');
        }
        const instances = found(form);
        for (const { group, member } of instances) group.lose(member.instanceId);
        return {
          instancesSet: instances.map(({ member }) => ({
            instanceId: member.instanceId,
            currentState: toState('shutting-down'),
            previousState: toState(stateOf(member)),
          })),
        };
      },
    };

  return (form) => {
    const action = form.get('Action') ?? '';
    try {
      const perform = Object.hasOwn(actions, action) ? actions[action] : undefined;
      if (!perform)
        throw new QueryError('InvalidAction', `The action ${action} is not valid for this web service.`);
      return toEc2Answer(NAMESPACE, action, perform(form));
    } catch (error) {
      return toEc2Failure(
        error instanceof QueryError ? error : new QueryError('InternalError', String(error), 500),
      );
    }
  };
};

interface Found {
  readonly group: AutoScalingGroup;
  readonly description: GroupDescription;
  readonly member: MemberDescription;
}

/** What Auto Scaling calls waiting is running to EC2. */
const stateOf = ({ lifecycleState }: MemberDescription): StateName => {
  if (lifecycleState === 'Pending') return 'pending';
  return lifecycleState === 'Terminating:Proceed' ? 'shutting-down' : 'running';
};

const toState = (name: StateName): XmlValue => ({ code: STATES[name], name });

const toInstance = (group: GroupDescription, member: MemberDescription, region: string): XmlValue => ({
  instanceId: member.instanceId,
  instanceType: member.instanceType,
  launchTime: new Date(member.launchedAt).toISOString(),
  instanceState: toState(stateOf(member)),
  placement: { availabilityZone: `${region}a` },
  tagSet: [{ key: 'aws:autoscaling:groupName', value: group.name }],
});
