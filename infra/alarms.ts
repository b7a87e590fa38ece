import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  Stats,
  TreatMissingData,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { FleetConfig } from '../contract/fleet.ts';
import type { MetricName } from '../contract/metrics.ts';
import type { Config } from './config.ts';
import { poolMetric } from './metrics.ts';
import type { Tasks } from './tasks.ts';
import type { Workers } from './workers.ts';

export interface AlarmsProps {
  readonly config: Config['alarms'];
  readonly tasks: Tasks;
  readonly workers: readonly Workers[];
  /** By the name that their alarms get. */
  readonly functions: Readonly<Record<string, LambdaFunction>>;
}

interface AlarmSpec {
  readonly id: string;
  /** What is wrong, as the beginning of a sentence. */
  readonly problem: string;
  /** The heading in docs/operations.md that says what to do. */
  readonly section: string;
  readonly metric: IMetric;
  /** From there on it is wrong … */
  readonly threshold: number;
  /** … in so many of the last periods. */
  readonly periods: readonly [wrong: number, of: number];
  /** Nothing at all, for that long, is what is wrong. */
  readonly isSilence?: boolean;
}

const QUARTER_HOUR = Duration.minutes(15);
/** Above the target itself: what may pass until an instance that was asked for has booted, were it from a cold volume. */
const SLOW_BOOT_SECONDS = 600;

/**
 * What somebody should be told of. None asks for a deployment that sleeps to say that it is well: where nothing is written
 * nothing is wrong, but for the functions that have a schedule.
 */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, { config, tasks, workers, functions }: AlarmsProps) {
    super(scope, id);
    const { stackName } = Stack.of(this);
    this.all = [
      ...workers.flatMap(({ fleet }) => ofPool(fleet).map((spec) => this.addAlarm(fleet.group, spec))),
      ...[ofDeadLetters(tasks), ...ofFunctions(functions), ...ofSchedules(functions)].map((spec) =>
        this.addAlarm(stackName, spec),
      ),
    ];
    if (config.email !== undefined) this.tell(config.email);
  }

  private addAlarm(whose: string, spec: AlarmSpec): Alarm {
    const { id, problem, section, metric, threshold, periods, isSilence = false } = spec;
    const [datapointsToAlarm, evaluationPeriods] = periods;
    const alarmName = `${whose}-${id}`;
    return new Alarm(this, alarmName, {
      alarmName,
      alarmDescription: `${problem}: see "${section}" in docs/operations.md.`,
      metric,
      threshold,
      comparisonOperator: isSilence
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm,
      evaluationPeriods,
      treatMissingData: isSilence ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
  }

  private tell(email: string): void {
    const topic = new Topic(this, 'Topic', { displayName: Stack.of(this).stackName });
    topic.addSubscription(new EmailSubscription(email));
    const action = new SnsAction(topic);
    for (const alarm of this.all) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
  }
}

const ofPool = (fleet: FleetConfig): AlarmSpec[] => [...ofTasks(fleet), ...ofFleet(fleet)];

const ofTasks = ({ pool, group, targetWaitSeconds }: FleetConfig): AlarmSpec[] => [
  {
    id: 'TasksFailing',
    problem: `A quarter of the tasks that end in the pool ${pool} fail`,
    section: 'Many tasks fail',
    metric: new MathExpression({
      label: 'Failed, in percent',
      // One that fails at night among three is no reason to get up.
      expression: 'IF(failed >= 5, 100 * failed / (failed + FILL(succeeded, 0)), 0)',
      usingMetrics: {
        failed: sumOf(group, 'TaskFailed', QUARTER_HOUR),
        succeeded: sumOf(group, 'TaskSucceeded', QUARTER_HOUR),
      },
      period: QUARTER_HOUR,
    }),
    threshold: 25,
    periods: [1, 1],
  },
  {
    id: 'TasksWaiting',
    problem: `Tasks of the pool ${pool} wait for a GPU much longer than the ${targetWaitSeconds} s that are aimed at`,
    section: 'Tasks wait too long',
    metric: leastOf(group, 'OldestSeconds'),
    threshold: 2 * targetWaitSeconds + SLOW_BOOT_SECONDS,
    periods: [4, 5],
  },
  {
    id: 'WebuiRestarts',
    problem: `WebUIs of the pool ${pool} are restarted twice an hour and instance, or more often`,
    section: 'A worker is unhealthy',
    metric: new MathExpression({
      label: 'Restarts in an hour of an instance',
      // Now and then it is routine: a WebUI that has grown too big. A fleet that is gone divides by 0, which is no data.
      expression: 'IF(restarts >= 3, restarts / instances, 0)',
      usingMetrics: {
        restarts: sumOf(group, 'WebuiRestarts', Duration.hours(1)),
        instances: poolMetric(group, 'DesiredCapacity', {
          statistic: Stats.AVERAGE,
          period: Duration.hours(1),
        }),
      },
      period: Duration.hours(1),
    }),
    threshold: 2,
    periods: [1, 1],
  },
];

const ofFleet = ({ pool, group }: FleetConfig): AlarmSpec[] => [
  {
    id: 'FleetNotDecided',
    problem: `The scaler does not know enough to decide how many instances the pool ${pool} needs`,
    section: 'The fleet is not decided',
    metric: sumOf(group, 'UnknownDecisions'),
    threshold: 1,
    periods: [3, 5],
  },
  {
    id: 'RaisesRefused',
    problem: `Auto Scaling refuses to raise the capacity of the pool ${pool}`,
    section: 'A raise of the capacity is refused',
    metric: sumOf(group, 'RefusedRaises'),
    threshold: 1,
    periods: [2, 5],
  },
  {
    id: 'InstancesMissing',
    problem: `Instances of the pool ${pool} that were asked for are not launched`,
    section: 'Instances do not come',
    metric: leastOf(group, 'MissingInstances'),
    threshold: 1,
    periods: [8, 10],
  },
  {
    id: 'InstancesOverdue',
    problem: `Instances of the pool ${pool} run, and no worker becomes ready on them`,
    section: 'Instances do not get ready',
    metric: leastOf(group, 'OverdueInstances'),
    threshold: 1,
    periods: [4, 5],
  },
];

/**
 * Messages that are taken and not acknowledged count as well: the consumer takes one at once and again every three minutes, so
 * that the queue would look empty to whoever only counted those that wait.
 */
const ofDeadLetters = ({ deadLetterQueue }: Tasks): AlarmSpec => {
  const options = { statistic: Stats.MAXIMUM, period: Duration.minutes(5) };
  return {
    id: 'DeadLetters',
    problem: 'Messages stay in the dead-letter queue, and their tasks are not ended',
    section: 'Messages are in the dead-letter queue',
    metric: new MathExpression({
      label: 'Dead messages',
      expression: 'visible + hidden',
      usingMetrics: {
        visible: deadLetterQueue.metricApproximateNumberOfMessagesVisible(options),
        hidden: deadLetterQueue.metricApproximateNumberOfMessagesNotVisible(options),
      },
      period: options.period,
    }),
    threshold: 1,
    periods: [3, 3],
  };
};

const ofFunctions = (functions: AlarmsProps['functions']): AlarmSpec[] =>
  Object.entries(functions).map(([name, fn]) => ({
    id: `${name}Errors`,
    problem: `The function ${name} fails again and again`,
    section: 'A function fails',
    metric: fn.metricErrors({ statistic: Stats.SUM, period: QUARTER_HOUR }),
    threshold: 3,
    periods: [1, 1],
  }));

/** What runs once a minute, whatever happens. */
const SCHEDULED = ['Reconciler', 'Scaler'];

const ofSchedules = (functions: AlarmsProps['functions']): AlarmSpec[] =>
  SCHEDULED.map((name) => {
    const fn = functions[name];
    if (!fn) throw new Error(`There is no function ${name} among those that are watched`);
    return {
      id: `${name}Silent`,
      problem: `The function ${name} does not run, though it should once a minute`,
      section: 'A function fails',
      metric: fn.metricInvocations({ statistic: Stats.SUM, period: Duration.minutes(5) }),
      threshold: 1,
      periods: [2, 2],
      isSilence: true,
    };
  });

const sumOf = (group: string, name: MetricName, period = Duration.minutes(1)): IMetric =>
  poolMetric(group, name, { statistic: Stats.SUM, period });

/** In every pass of the minute. */
const leastOf = (group: string, name: MetricName): IMetric =>
  poolMetric(group, name, { statistic: Stats.MINIMUM });
