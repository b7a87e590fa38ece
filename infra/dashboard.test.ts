import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { PASS_NEWS } from '../contract/fleet.ts';
import { METRICS, METRICS_DIMENSION, METRICS_NAMESPACE } from '../contract/metrics.ts';
import { toConfig } from './config.ts';
import { SdAsyncStack } from './stack.ts';

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly width: number;
  readonly properties: {
    readonly title?: string;
    readonly query?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly [namespace: string, name: string, ...rest: unknown[]])[];
  };
}

const config = toConfig({ pools: { xl: { models: ['sdxl'] } } });
const template = Template.fromStack(
  new SdAsyncStack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'SdAsync', { config }),
);

/** With logical ids in place of what is known after the deployment only. */
const widgets = Object.values(template.findResources('AWS::CloudWatch::Dashboard')).flatMap(
  ({ Properties }): readonly Widget[] => {
    const { DashboardBody } = Properties as { DashboardBody: { 'Fn::Join': [string, unknown[]] } };
    const text = DashboardBody['Fn::Join'][1].map((part) =>
      typeof part === 'string' ? part : Object.values(part as object).flat()[0],
    );
    return (JSON.parse(text.join('')) as { widgets: Widget[] }).widgets;
  },
);

const metrics = widgets.flatMap(({ properties }) => properties.metrics ?? []);

describe('the dashboard', () => {
  it('shows every alarm', () => {
    const [status] = widgets.filter(({ type }) => type === 'alarm');
    expect([...(status?.properties.alarms ?? [])].sort()).toEqual(
      Object.keys(template.findResources('AWS::CloudWatch::Alarm')).sort(),
    );
  });

  it('shows for each pool its queue, its fleet, its tasks and how long they take', () => {
    const shown = (group: string): unknown[] =>
      metrics.flatMap(([namespace, name, dimension, value]) =>
        namespace === METRICS_NAMESPACE && dimension === METRICS_DIMENSION && value === group ? [name] : [],
      );
    expect(new Set(shown('SdAsync-workers'))).toEqual(
      new Set([
        ...['QueuedTasks', 'OldestSeconds', 'BacklogSeconds'],
        ...['DesiredCapacity', 'BusyInstances', 'BootingInstances', 'MissingInstances'],
        ...['TaskSucceeded', 'TaskFailed', 'TaskCanceled', 'TaskExpired'],
        ...['QueueSeconds', 'InferenceSeconds', 'StoreSeconds', 'GapSeconds'],
      ]),
    );
    expect(shown('SdAsync-workers-xl')).toEqual(shown('SdAsync-workers'));
    for (const name of shown('SdAsync-workers')) expect(Object.keys(METRICS)).toContain(name);
  });

  it('shows the errors of every function, and what AppSync makes of requests', () => {
    const errors = metrics.filter(([namespace, name]) => namespace === 'AWS/Lambda' && name === 'Errors');
    expect(errors.map(([, , , fn]) => fn).sort()).toEqual(
      Object.keys(template.findResources('AWS::Lambda::Function')).sort(),
    );
    const [api] = Object.keys(template.findResources('AWS::AppSync::GraphQLApi'));
    const ofAppSync = metrics.filter(([namespace]) => namespace === 'AWS/AppSync');
    expect(ofAppSync.map(([, name]) => name)).toEqual(['4XXError', '5XXError', 'Latency', 'Latency']);
    expect(ofAppSync.map(([, , dimension, id]) => [dimension, id])).toEqual(
      ofAppSync.map(() => ['GraphQLAPIId', api]),
    );
  });

  it('shows what the scaler decided, by the sentences of its own log', () => {
    const [log] = widgets.filter(({ type }) => type === 'log');
    const [fn] = Object.values(
      template.findResources('AWS::Lambda::Function', {
        Properties: { Description: 'Decides how many instances there should be, and raises the capacity' },
      }),
    );
    const { LoggingConfig } = fn?.Properties as { LoggingConfig: { LogGroup: { Ref: string } } };
    expect(log?.properties.query).toContain(`SOURCE '${LoggingConfig.LogGroup.Ref}'`);
    for (const sentence of Object.values(PASS_NEWS)) {
      expect(log?.properties.query).toContain(`"${sentence}"`);
    }
  });

  it('fits CloudWatch’s grid', () => {
    for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
  });
});
