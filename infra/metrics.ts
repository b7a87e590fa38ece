import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS_DIMENSION, METRICS_NAMESPACE, type MetricName } from '../contract/metrics.ts';

/** What workers and scaler write of one pool: its group is the one dimension. A minute each unless told. */
export const poolMetric = (group: string, metricName: MetricName, options: MetricOptions): Metric =>
  new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { [METRICS_DIMENSION]: group },
    period: Duration.minutes(1),
    ...options,
  });
