import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS, METRICS_DIMENSION, METRICS_NAMESPACE } from '../contract/metrics.ts';
import { toConfig, type ConfigOverrides } from './config.ts';
import { SdAsyncStack } from './stack.ts';

interface Metric {
  readonly MetricName: string;
  readonly Namespace: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
}

interface AlarmProperties extends Partial<Metric> {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly Threshold: number;
  readonly TreatMissingData: string;
  readonly AlarmActions?: unknown;
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: Metric };
  }[];
}

const ALARM = 'AWS::CloudWatch::Alarm';

const synthesize = (overrides?: ConfigOverrides): Template =>
  Template.fromStack(
    new SdAsyncStack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'SdAsync', {
      config: toConfig(overrides),
    }),
  );

const alarmsOf = (template: Template): AlarmProperties[] =>
  Object.values(template.findResources(ALARM)).map(({ Properties }) => Properties as AlarmProperties);

const metricsOf = (alarm: AlarmProperties): Metric[] => [
  ...(alarm.MetricName === undefined ? [] : [alarm as Metric]),
  ...(alarm.Metrics ?? []).flatMap(({ MetricStat }) => MetricStat?.Metric ?? []),
];

const plain = synthesize();
const pooled = synthesize({
  workers: { targetWaitSeconds: 60 },
  pools: { xl: { models: ['sdxl'], targetWaitSeconds: 900 } },
});

const thresholdOf = (template: Template, name: string): number | undefined =>
  alarmsOf(template).find(({ AlarmName }) => AlarmName === name)?.Threshold;

/** Of docs/operations.md, by their headings. */
const sections = new Map(
  readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((text): [string, string] => [text.slice(0, text.indexOf('\n')), text]),
);

describe('an alarm', () => {
  it.each(alarmsOf(pooled))('$AlarmName says what is wrong, and where it stands what to do', (alarm) => {
    const [, problem, section = ''] =
      /^([^.]+): see "(.+)" in docs\/operations\.md\.$/.exec(alarm.AlarmDescription) ?? [];
    expect(problem).toBeDefined();
    expect([...sections.keys()]).toContain(section);
    expect(sections.get(section)).toContain(`\`${alarm.AlarmName.split('-').at(-1)}\``);
  });

  it('is not raised by silence, for a fleet that sleeps writes nothing; but what has a schedule must run', () => {
    const raisedBySilence = alarmsOf(plain).filter(
      ({ TreatMissingData }) => TreatMissingData !== 'notBreaching',
    );
    expect(raisedBySilence.map(({ AlarmName }) => AlarmName)).toEqual([
      ...['SdAsync-ReconcilerSilent', 'SdAsync-ScalerSilent'],
    ]);
  });

  it('looks at a metric that somebody writes, under the dimension that it is written with', () => {
    const ours = alarmsOf(pooled)
      .flatMap(metricsOf)
      .filter(({ Namespace }) => !Namespace.startsWith('AWS/'));
    expect(ours.length).toBeGreaterThan(0);
    for (const { Namespace, MetricName, Dimensions } of ours) {
      expect(Namespace).toBe(METRICS_NAMESPACE);
      expect(Object.keys(METRICS)).toContain(MetricName);
      expect(Dimensions).toEqual([
        { Name: METRICS_DIMENSION, Value: expect.stringMatching(/^SdAsync-workers(-xl)?$/) },
      ]);
    }
  });

  it('has a name for each of its metrics in its formula, and no other', () => {
    for (const { Metrics = [] } of alarmsOf(plain)) {
      const [formula = ''] = Metrics.flatMap(({ Expression }) => Expression ?? []);
      const names = Metrics.flatMap(({ Id, Expression }) => (Expression === undefined ? [Id] : []));
      expect([...new Set(formula.match(/\b[a-z]\w*/g) ?? [])].sort()).toEqual(names.sort());
    }
  });
});

describe('the alarms', () => {
  it('are for each pool what they are for the default one', () => {
    const names = alarmsOf(pooled).map(({ AlarmName }) => AlarmName);
    const of = (group: string): string[] =>
      names
        .filter((name) => name.slice(0, name.lastIndexOf('-')) === group)
        .map((name) => name.slice(group.length + 1));
    expect(of('SdAsync-workers').sort()).toEqual([
      ...['FleetNotDecided', 'InstancesMissing', 'InstancesOverdue', 'RaisesRefused'],
      ...['TasksFailing', 'TasksWaiting', 'WebuiRestarts'],
    ]);
    expect(of('SdAsync-workers-xl').sort()).toEqual(of('SdAsync-workers').sort());
    expect(of('SdAsync').sort()).toEqual([
      ...['DeadLetters', 'DeadLettersErrors', 'HandlerErrors', 'ReconcilerErrors'],
      ...['ReconcilerSilent', 'ScalerErrors', 'ScalerSilent'],
    ]);
  });

  it('leave tasks the time that the pool aims at and a boot takes', () => {
    expect(thresholdOf(pooled, 'SdAsync-workers-TasksWaiting')).toBe(720);
    expect(thresholdOf(pooled, 'SdAsync-workers-xl-TasksWaiting')).toBe(2400);
  });

  it('see the dead letters that wait and those that are tried again, for longer than a try takes', () => {
    const [deadLetters] = alarmsOf(plain).filter(({ AlarmName }) => AlarmName === 'SdAsync-DeadLetters');
    const seen = deadLetters ? metricsOf(deadLetters) : [];
    expect(seen.map(({ MetricName }) => MetricName).sort()).toEqual([
      ...['ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesVisible'],
    ]);
    expect(JSON.stringify(seen.map(({ Dimensions }) => Dimensions))).toMatch(/TasksDeadLetterQueue/);
    expect(deadLetters).toMatchObject({ EvaluationPeriods: 3, DatapointsToAlarm: 3 });
  });

  it('tell nobody unless an address is chosen', () => {
    plain.resourceCountIs('AWS::SNS::Topic', 0);
    expect(alarmsOf(plain).flatMap(({ AlarmActions }) => AlarmActions ?? [])).toEqual([]);
  });

  it('tell the address that is chosen when they begin and when they end', () => {
    const template = synthesize({ alarms: { email: 'ops@example.com' } });
    const [topic] = Object.keys(template.findResources('AWS::SNS::Topic'));
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'ops@example.com',
      TopicArn: { Ref: topic },
    });
    template.allResourcesProperties(ALARM, {
      AlarmActions: [{ Ref: topic }],
      OKActions: [{ Ref: topic }],
      ActionsEnabled: Match.absent(),
    });
    // A policy of its own would replace the topic's usual one, which lets the account's alarms in.
    template.resourceCountIs('AWS::SNS::TopicPolicy', 0);
  });
});
