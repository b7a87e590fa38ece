import { Duration, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  LogQueryWidget,
  Metric,
  Stats,
  TextWidget,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { PASS_NEWS, type FleetConfig } from '../contract/fleet.ts';
import type { MetricName } from '../contract/metrics.ts';
import type { Alarms } from './alarms.ts';
import type { Api } from './api.ts';
import { poolMetric } from './metrics.ts';
import type { Workers } from './workers.ts';

export interface DashboardProps {
  readonly alarms: Alarms;
  readonly api: Api;
  readonly workers: readonly Workers[];
  readonly functions: Readonly<Record<string, LambdaFunction>>;
  /** One of them: its log says why there are so many instances. */
  readonly scaler: LambdaFunction;
}

/** CloudWatch's grid is 24 columns wide. */
const WIDTH = 24;
const PERCENTILES = [50, 95];

/** What an operator looks at first: alarms, each pool's queue, fleet, tasks and times, the API, and the scaler's reasons. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { alarms, api, workers, functions, scaler } = props;
    const { stackName } = Stack.of(this);
    new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: stackName,
      defaultInterval: Duration.hours(3),
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms.all], width: WIDTH, height: 3 })],
        ...workers.flatMap(({ fleet }) => ofPool(fleet)),
        ofApi(api, functions),
        [decisions(scaler)],
      ],
    });
  }
}

const ofPool = ({ pool, group, targetWaitSeconds }: FleetConfig): IWidget[][] => {
  const most = (name: MetricName, label: string): IMetric =>
    poolMetric(group, name, { label, statistic: Stats.MAXIMUM });
  const sum = (name: MetricName, label: string): IMetric =>
    poolMetric(group, name, { label, statistic: Stats.SUM, period: Duration.minutes(5) });
  const percentiles = (name: MetricName, label: string): IMetric[] =>
    PERCENTILES.map((percentile) =>
      poolMetric(group, name, {
        label: `${label} p${percentile}`,
        statistic: Stats.percentile(percentile),
        period: Duration.minutes(5),
      }),
    );
  return [
    [new TextWidget({ markdown: `## Pool ${pool} (${group})`, width: WIDTH, height: 1 })],
    toRow(
      {
        title: 'Queue',
        left: [most('QueuedTasks', 'queued')],
        right: [most('OldestSeconds', 'oldest, s'), most('BacklogSeconds', 'backlog on one GPU, s')],
        rightAnnotations: [{ value: targetWaitSeconds, label: 'target' }],
      },
      {
        title: 'Fleet',
        left: [
          most('DesiredCapacity', 'desired'),
          most('BusyInstances', 'busy'),
          most('BootingInstances', 'booting'),
          most('MissingInstances', 'missing'),
        ],
      },
      {
        title: 'Tasks',
        left: [
          sum('TaskSucceeded', 'succeeded'),
          sum('TaskFailed', 'failed'),
          sum('TaskCanceled', 'canceled'),
          sum('TaskExpired', 'expired'),
        ],
      },
      {
        title: 'Times, s',
        left: [
          ...percentiles('QueueSeconds', 'queue'),
          ...percentiles('InferenceSeconds', 'inference'),
          ...percentiles('StoreSeconds', 'store'),
          ...percentiles('GapSeconds', 'gap'),
        ],
      },
    ),
  ];
};

const ofApi = ({ graphql }: Api, functions: DashboardProps['functions']): IWidget[] => {
  const ofAppSync = (metricName: string, label: string, statistic: string): IMetric =>
    new Metric({
      namespace: 'AWS/AppSync',
      metricName,
      dimensionsMap: { GraphQLAPIId: graphql.apiId },
      period: Duration.minutes(5),
      label,
      statistic,
    });
  return toRow(
    {
      title: 'Errors of functions',
      left: Object.entries(functions).map(([label, fn]) =>
        fn.metricErrors({ label, statistic: Stats.SUM, period: Duration.minutes(5) }),
      ),
    },
    {
      title: 'AppSync, errors',
      left: [ofAppSync('4XXError', '4xx', Stats.SUM), ofAppSync('5XXError', '5xx', Stats.SUM)],
    },
    {
      title: 'AppSync, latency, ms',
      left: PERCENTILES.map((percentile) =>
        ofAppSync('Latency', `p${percentile}`, Stats.percentile(percentile)),
      ),
    },
  );
};

const toRow = (...graphs: ConstructorParameters<typeof GraphWidget>[0][]): IWidget[] =>
  graphs.map(
    (graph) =>
      new GraphWidget({
        leftYAxis: { min: 0 },
        rightYAxis: { min: 0 },
        width: WIDTH / graphs.length,
        height: 6,
        ...graph,
      }),
  );

/** Lambda writes the time and a request's id before each line; Logs Insights finds the JSON after them. */
const decisions = (scaler: LambdaFunction): IWidget =>
  new LogQueryWidget({
    title: 'Decisions of the scaler',
    logGroupNames: [scaler.logGroup.logGroupName],
    queryLines: [
      'fields @timestamp, pool, message, outcome, desired, reason, notes.0',
      `filter message in [${Object.values(PASS_NEWS)
        .map((sentence) => `"${sentence}"`)
        .join(', ')}]`,
      'sort @timestamp desc',
      'limit 50',
    ],
    width: WIDTH,
    height: 9,
  });
