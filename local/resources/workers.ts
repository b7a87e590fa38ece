import { join } from 'node:path';
import { startAutoScalingGroup, type AutoScalingGroup } from '../instances/auto-scaling-group.ts';
import { startInstance, type WebuiOptions } from '../instances/instance.ts';
import { TemplateError } from '../template/types.ts';
import type { Deployment } from './deployment.ts';

export interface WorkersOptions {
  readonly deployment: Deployment;
  readonly webui: WebuiOptions;
  /** Instead of the template's desired capacity. */
  readonly instances: number | undefined;
  readonly log: (source: string, line: string) => void;
}

interface GroupProperties {
  readonly MinSize: string;
  readonly DesiredCapacity?: string;
}

interface LaunchTemplateProperties {
  readonly LaunchTemplateData: {
    readonly UserData: string;
    readonly IamInstanceProfile: { readonly Arn: string };
  };
}

/**
 * The Auto Scaling group. Its user data is never run, but read: it names the worker's code and the parameter that holds the
 * worker's environment.
 */
export const startWorkers = async ({
  deployment,
  webui,
  instances,
  log,
}: WorkersOptions): Promise<AutoScalingGroup> => {
  const { only, propertiesOf, physical, assetIn, roles, credentialsOf } = deployment;
  const groupId = only('AWS::AutoScaling::AutoScalingGroup');
  const group = propertiesOf<GroupProperties>(groupId);
  const { LaunchTemplateData } = propertiesOf<LaunchTemplateProperties>(only('AWS::EC2::LaunchTemplate'));
  const userData = Buffer.from(LaunchTemplateData.UserData, 'base64').toString('utf8');
  const [roleArn] = roles.rolesOfProfile(LaunchTemplateData.IamInstanceProfile.Arn);
  if (roleArn === undefined) throw new TemplateError('The instance profile of the workers has no role');

  return startAutoScalingGroup({
    name: physical(groupId).ref,
    desiredCapacity: instances ?? Number(group.DesiredCapacity ?? group.MinSize),
    log: (line) => log('auto-scaling', line),
    launch: (instanceId) =>
      startInstance({
        instanceId,
        workerModule: join(assetIn(userData), 'index.mjs'),
        environment: { ...workerEnvironment(deployment), ...credentialsOf(roleArn, instanceId) },
        webui,
        log,
      }),
  });
};

/** The SSM parameter, one JSON object of strings. */
export const workerEnvironment = ({ only, propertiesOf }: Deployment): Record<string, string> =>
  JSON.parse(propertiesOf<{ Value: string }>(only('AWS::SSM::Parameter')).Value) as Record<string, string>;
