import { AssetHashType, type Duration } from 'aws-cdk-lib';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { dirname } from 'node:path';
import { bundleForNode } from './bundle.ts';
import type { Environment } from './environment.ts';
import { createLogGroup } from './logs.ts';

export interface NodeFunctionProps {
  /** Absolute path of the module that exports `handler`. */
  readonly entry: string;
  readonly description: string;
  readonly timeout: Duration;
}

/** A Lambda function from one TypeScript module. */
export const createNodeFunction = (
  scope: Construct,
  { entry, ...props }: NodeFunctionProps,
): LambdaFunction =>
  new LambdaFunction(scope, 'Function', {
    ...props,
    logGroup: createLogGroup(scope, 'Logs'),
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    memorySize: 512,
    code: Code.fromAsset(dirname(entry), {
      bundling: bundleForNode(entry),
      // By what comes out: the folder alone would not tell that something changed which it imports from elsewhere.
      assetHashType: AssetHashType.OUTPUT,
    }),
  });

export const setEnvironment = (fn: LambdaFunction, environment: Environment): void => {
  for (const [name, value] of Object.entries(environment)) fn.addEnvironment(name, value);
};
