import type { Assembly } from '../../infra/synth.ts';
import type { AccessKeys } from '../iam/access-keys.ts';
import { createResolve, type Resolve } from '../template/intrinsics.ts';
import { createPhysical } from '../template/physical.ts';
import { createRoles, type Roles } from '../template/roles.ts';
import { TemplateError, type PhysicalResource, type Template } from '../template/types.ts';

export const REGION = 'us-east-1';
/** The engines' own: they put it into queue URLs and ARNs. */
export const ACCOUNT_ID = '000000000000';

/** Where things listen. Functions, because each is known only once it does. */
export interface Addresses {
  readonly gateway: () => string;
  readonly graphql: () => string;
  readonly cdn: () => string;
}

/** The template as it stands on this machine: names, values, roles. */
export interface Deployment {
  readonly template: Template;
  readonly physical: (logicalId: string) => PhysicalResource;
  readonly resolve: Resolve;
  /** A resource's properties, every intrinsic resolved. */
  readonly propertiesOf: <T>(logicalId: string) => T;
  readonly idsOf: (...types: string[]) => readonly string[];
  /** The one resource of a type (of either type); more or none is an error. */
  readonly only: (...types: string[]) => string;
  readonly roles: Roles;
  /** What the platform adds to a process's environment: region, endpoint, and keys of its own for its role. */
  readonly credentialsOf: (roleArn: string, sessionName: string) => Record<string, string>;
  /** Absolute path of the asset whose hash occurs in the text. */
  readonly assetIn: (text: string) => string;
}

export const createDeployment = (assembly: Assembly, addresses: Addresses, keys: AccessKeys): Deployment => {
  const template = assembly.template as unknown as Template;
  const physical = createPhysical(template, {
    stackName: assembly.stackName,
    region: REGION,
    accountId: ACCOUNT_ID,
    gatewayUrl: addresses.gateway,
    graphqlUrl: addresses.graphql,
    realtimeUrl: () => toRealtimeUrl(addresses.graphql()),
  });
  const idsOf = (...types: string[]): string[] =>
    Object.entries(template.Resources).flatMap(([id, { Type }]) => (types.includes(Type) ? [id] : []));
  const only = (...types: string[]): string => {
    const [id, ...others] = idsOf(...types);
    if (id === undefined || others.length > 0) {
      throw new TemplateError(`The template must hold exactly one ${types.join(' or ')}`);
    }
    return id;
  };
  const asWritten = createResolve({ template, physical, pseudo: toPseudo(assembly.stackName) });
  // The one rewrite: the template's own distribution is served on this machine.
  const domain = (): string =>
    `https://${physical(only('AWS::CloudFront::Distribution')).attributes.DomainName}`;
  const resolve: Resolve = (value) => replaceText(asWritten(value), domain(), addresses.cdn);
  const roles = createRoles({ template, resolve, physical, accountId: ACCOUNT_ID, issue: keys.issue });

  return {
    template,
    physical,
    resolve,
    propertiesOf: <T>(logicalId: string) => resolve(template.Resources[logicalId]?.Properties ?? {}) as T,
    idsOf,
    only,
    roles,
    credentialsOf: (roleArn, sessionName) => {
      const { accessKeyId, secretAccessKey, sessionToken = '' } = roles.assume(roleArn, sessionName);
      return {
        AWS_REGION: REGION,
        AWS_ENDPOINT_URL: addresses.gateway(),
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_SESSION_TOKEN: sessionToken,
      };
    },
    assetIn: (text) => {
      const found = Object.entries(assembly.assets).find(([hash]) => text.includes(hash));
      if (!found) throw new TemplateError(`No asset of the assembly is named in: ${text.slice(0, 200)}`);
      return found[1];
    },
  };
};

export const toRealtimeUrl = (graphqlUrl: string): string => `${graphqlUrl.replace(/^http/, 'ws')}/realtime`;

const toPseudo = (stackName: string): Record<string, string> => ({
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT_ID,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': stackName,
  'AWS::StackId': `arn:aws:cloudformation:${REGION}:${ACCOUNT_ID}:stack/${stackName}/local`,
});

const replaceText = (value: unknown, from: string, to: () => string): unknown => {
  if (typeof value === 'string') return value.includes(from) ? value.replaceAll(from, to()) : value;
  if (Array.isArray(value)) return value.map((item) => replaceText(item, from, to));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaceText(inner, from, to)]));
};
