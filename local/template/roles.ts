import type { AccessKey, PolicyDocument, PolicyStatement, Principal } from '../iam/types.ts';
import type { Resolve } from './intrinsics.ts';
import type { PhysicalResource, Template, TemplateResource } from './types.ts';

export interface RolesOptions {
  readonly template: Template;
  readonly resolve: Resolve;
  readonly physical: (logicalId: string) => PhysicalResource;
  readonly accountId: string;
  readonly issue: (principal: Principal) => AccessKey;
}

export interface Roles {
  /** A key of its own for one function, instance or data source, bound to its role. */
  readonly assume: (roleArn: string, sessionName: string) => AccessKey;
  /** The roles an instance profile holds. */
  readonly rolesOfProfile: (profileArnOrName: string) => readonly string[];
}

const ofType = (template: Template, type: string): [string, TemplateResource][] =>
  Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);

const toDocument = (policy: unknown): PolicyDocument => {
  const { Statement } = policy as { Statement: PolicyStatement | PolicyStatement[] };
  return { Statement: Array.isArray(Statement) ? Statement : [Statement] };
};

/** Reads IAM roles and policies from the template. AWS's own managed policies are not known here and grant nothing. */
export const createRoles = (options: RolesOptions): Roles => {
  const { template, resolve, physical, accountId, issue } = options;

  const policiesOf = (logicalId: string, role: TemplateResource): PolicyDocument[] => {
    const roleName = physical(logicalId).ref;
    const inline = resolve(role.Properties?.Policies ?? []) as { PolicyDocument: unknown }[];
    const attached = ofType(template, 'AWS::IAM::Policy')
      .map(([, policy]) => resolve(policy.Properties) as { Roles?: string[]; PolicyDocument: unknown })
      .filter((policy) => policy.Roles?.includes(roleName));
    return [...inline, ...attached].map((policy) => toDocument(policy.PolicyDocument));
  };

  return {
    assume: (roleArn, sessionName) => {
      const found = ofType(template, 'AWS::IAM::Role').find(
        ([logicalId]) => physical(logicalId).attributes.Arn === roleArn,
      );
      if (!found) throw new Error(`The template has no role ${roleArn}`);
      const [logicalId, role] = found;
      const name = physical(logicalId).ref;
      return issue({
        arn: `arn:aws:sts::${accountId}:assumed-role/${name}/${sessionName}`,
        accountId,
        name,
        policies: policiesOf(logicalId, role),
      });
    },

    rolesOfProfile: (profile) => {
      const found = ofType(template, 'AWS::IAM::InstanceProfile').find(([logicalId]) => {
        const { ref, attributes } = physical(logicalId);
        return ref === profile || attributes.Arn === profile;
      });
      if (!found) throw new Error(`The template has no instance profile ${profile}`);
      const names = resolve(found[1].Properties?.Roles ?? []) as string[];
      return names.map((name) => `arn:aws:iam::${accountId}:role/${name}`);
    },
  };
};
