import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DEFAULT_POOL } from '../contract/fleet.ts';

/** Chosen here, not by CloudFormation: policies, metrics and the instances themselves name the group of a pool. */
export const groupNameOf = (scope: Construct, pool: string): string =>
  `${Stack.of(scope).stackName}-workers${pool === DEFAULT_POOL ? '' : `-${pool}`}`;
