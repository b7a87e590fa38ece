import { join } from 'node:path';
import { createLambdaFunction, type LambdaFunction } from '../lambda/function.ts';
import { TemplateError } from '../template/types.ts';
import type { Deployment } from './deployment.ts';

export interface DeployedFunction {
  readonly fn: LambdaFunction;
  readonly roleArn: string;
  /** As the template sets it, without what the platform adds. */
  readonly environment: () => Readonly<Record<string, string>>;
}

interface FunctionProperties {
  readonly Handler: string;
  readonly Role: string;
  readonly Code: { readonly S3Key: string };
  readonly Timeout?: number;
  readonly MemorySize?: number;
  readonly Environment?: { readonly Variables?: Record<string, string> };
}

/** Every Lambda function of the template, by its name. None is started before it is invoked. */
export const createFunctions = (
  deployment: Deployment,
  log: (source: string, line: string) => void,
): ReadonlyMap<string, DeployedFunction> =>
  new Map(
    deployment.idsOf('AWS::Lambda::Function').map((logicalId) => {
      const { ref: functionName, attributes } = deployment.physical(logicalId);
      const {
        Handler,
        Role,
        Code,
        Timeout = 3,
        MemorySize = 128,
      } = {
        ...(deployment.template.Resources[logicalId]?.Properties as unknown as FunctionProperties),
      };
      const roleArn = deployment.resolve(Role) as string;
      const [file = '', exportName = ''] = Handler.split('.');
      // Resolved when it is needed: at this moment not every address is known.
      const environment = (): Record<string, string> =>
        deployment.propertiesOf<FunctionProperties>(logicalId).Environment?.Variables ?? {};
      const fn = createLambdaFunction({
        functionName,
        functionArn: attributes.Arn ?? '',
        modulePath: join(deployment.assetIn(Code.S3Key), `${file}.mjs`),
        exportName,
        memoryMb: MemorySize,
        timeoutSeconds: Timeout,
        environment: () => ({ ...environment(), ...deployment.credentialsOf(roleArn, functionName) }),
        log: (line) => log(functionName, line),
      });
      return [functionName, { fn, roleArn, environment }];
    }),
  );

/** The function that an ARN names; `who` names it. */
export const functionOf = (
  functions: ReadonlyMap<string, DeployedFunction>,
  arn: string,
  who: string,
): DeployedFunction => {
  const deployed = functions.get(arn.split(':').at(-1) ?? '');
  if (!deployed) throw new TemplateError(`${who} names a function that is not in the template: ${arn}`);
  return deployed;
};
