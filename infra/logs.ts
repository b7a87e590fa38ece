import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** A log that is kept for 30 days, and no longer than the stack: CloudWatch's own default is for ever. */
export const createLogGroup = (scope: Construct, id: string, logGroupName?: string): LogGroup =>
  new LogGroup(scope, id, {
    ...(logGroupName !== undefined && { logGroupName }),
    retention: RetentionDays.ONE_MONTH,
    // One with a name that stayed would keep the stack from being deployed again.
    removalPolicy: RemovalPolicy.DESTROY,
  });
