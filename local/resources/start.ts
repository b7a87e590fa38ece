import { S3Client } from '@aws-sdk/client-s3';
import { readFileSync } from 'node:fs';
import type { Assembly } from '../../infra/synth.ts';
import { createAuthenticate } from '../appsync/authenticate.ts';
import { createEngine } from '../appsync/engine.ts';
import { startAppSyncServer } from '../appsync/server.ts';
import { createEc2Endpoint } from '../auto-scaling/ec2-endpoint.ts';
import { createAutoScalingEndpoint } from '../auto-scaling/endpoint.ts';
import { startCdn } from '../cdn/server.ts';
import { createIssuer, type Issuer } from '../cognito/issuer.ts';
import { createFaults, type Faults } from '../faults/faults.ts';
import type { CorsOf } from '../gateway/cors.ts';
import { startGateway } from '../gateway/gateway.ts';
import { createPostVerifier } from '../gateway/presigned-post.ts';
import { createAccessKeys } from '../iam/access-keys.ts';
import type { AccessKey, PolicyStatement } from '../iam/types.ts';
import { createSignatureVerifier } from '../iam/verify-signature.ts';
import type { AutoScalingGroup } from '../instances/auto-scaling-group.ts';
import type { WebuiOptions } from '../instances/webui.ts';
import { servePage } from '../pages/pages.ts';
import type { Releasers } from '../releasers.ts';
import { toApiDefinition } from '../template/api.ts';
import { toCorsOf } from '../template/cors.ts';
import { createEngineResources, type ClientConfig } from '../template/engines.ts';
import { createCallCounter, type CallCounts } from './call-counter.ts';
import { createDataSources } from './data-sources.ts';
import { ACCOUNT_ID, createDeployment, REGION, toRealtimeUrl } from './deployment.ts';
import { createFunctions } from './functions.ts';
import { createEventRules } from './event-rules.ts';
import { startEventSources } from './event-sources.ts';
import { toNames, type Names } from './names.ts';
import { startSchedules, type Schedules } from './schedules.ts';
import { createWorkers, workerEnvironment, type PoolOfInstances } from './workers.ts';

export interface ResourcesOptions {
  /** Of the GraphQL and realtime endpoint; 0, the default: any free port. */
  readonly port?: number;
  /** Of the AWS endpoint (DynamoDB, SQS, S3, SSM). */
  readonly awsPort?: number;
  readonly cdnPort?: number;
  /** Keeps tables, queues, objects and keys in this folder. Absent: in memory, gone with `stop()`. */
  readonly dataDir?: string;
  /** The WebUI of each instance: the stand-in's arguments (none: `--profile demo`), or the URL of a real one. */
  readonly webui?: WebuiOptions;
  /** A fleet of that many, which none may leave for good; what the template says unless told. */
  readonly instances?: number;
  /**
   * From the launch of an instance until its WebUI and its worker are started, which the stack's own start does not wait for;
   * 0 unless told, and then it does.
   */
  readonly bootMs?: number;
  /** Receives what Lambdas, workers and WebUIs print. Silent unless told. */
  readonly log?: (source: string, line: string) => void;
  /** Decides by chance which calls meet an injected fault; 1 unless told. */
  readonly faultSeed?: number;
}

/** Everything the template describes, running. */
export interface LocalResources {
  readonly urls: Readonly<Record<'graphql' | 'realtime' | 'cdn' | 'aws' | 'graphiql', string>>;
  readonly apiKey: string | undefined;
  readonly certificate: string;
  readonly token: Issuer['token'];
  /** A key for a user of this name, who may do what the statements say: everything in GraphQL unless told. */
  readonly accessKey: (userName: string, statements?: readonly PolicyStatement[]) => AccessKey;
  readonly calls: () => CallCounts;
  /** What the template sets for each function, by its name, and for the workers, under `workers`. */
  readonly environments: () => Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** For SDK clients that may do everything. */
  readonly client: ClientConfig;
  readonly names: Names;
  /** The default pool's comes first. */
  readonly pools: readonly PoolOfInstances[];
  readonly tick: Schedules['tick'];
  /** What goes wrong, on demand. */
  readonly faults: Pick<Faults, 'inject' | 'met'> & {
    /** Closes every realtime socket, as a network does; returns how many there were. */
    readonly cutSockets: () => number;
    /** AppSync closes every connection and takes none for that long. */
    readonly restartAppSync: (downMs: number) => Promise<void>;
  };
}

const PRELUDE = new URL('../../appsync.graphql', import.meta.url);

/** Starts one after the other, in the order in which they need each other. */
export const startResources = async (
  assembly: Assembly,
  options: ResourcesOptions,
  releasers: Releasers,
): Promise<LocalResources> => {
  const { port = 0, awsPort = 0, cdnPort = 0, instances, bootMs = 0 } = options;
  const { log = () => undefined, webui = { arguments: ['--profile', 'demo'] } } = options;
  const dataDir = options.dataDir === undefined ? {} : { dataDir: options.dataDir };
  const keys = createAccessKeys();
  const verifySignature = createSignatureVerifier({ lookup: keys.lookup });
  const rootKey = keys.issue(toPrincipal('root', 'root', [ALLOW_EVERYTHING]));
  const { onCall, calls } = createCallCounter();
  const { inject, meet, met } = createFaults(options.faultSeed);

  const groups: AutoScalingGroup[] = [];
  const instancesOf = { groups: () => groups, region: REGION, accountId: ACCOUNT_ID };
  let corsOf: CorsOf = () => [];

  const gateway = await startGateway({
    port: awsPort,
    verifySignature,
    verifyPost: createPostVerifier({ lookup: keys.lookup }),
    corsOf: (bucket) => corsOf(bucket),
    rootKey,
    region: REGION,
    onCall,
    meet,
    queryServices: {
      autoscaling: createAutoScalingEndpoint(instancesOf),
      ec2: createEc2Endpoint(instancesOf),
    },
    ...dataDir,
  });
  releasers.add(gateway.stop);
  const client: ClientConfig = { endpoint: gateway.url, region: REGION, credentials: rootKey };

  const addresses = { gateway: gateway.url, graphql: '', cdn: '' };
  const deployment = createDeployment(
    assembly,
    { gateway: () => addresses.gateway, graphql: () => addresses.graphql, cdn: () => addresses.cdn },
    keys,
  );
  const { template, physical, resolve, only } = deployment;
  await createEngineResources({ template, resolve, physical, client });
  corsOf = toCorsOf({ template, resolve, physical });
  const names = toNames(deployment);

  const s3 = new S3Client({ ...client, forcePathStyle: true });
  releasers.add(() => s3.destroy());
  const cdn = await startCdn({ port: cdnPort, s3, bucket: names.originBucket });
  releasers.add(cdn.stop);
  addresses.cdn = cdn.url;

  const functions = createFunctions(deployment, log);
  for (const { fn } of functions.values()) releasers.add(fn.stop);

  const userPoolId = physical(only('AWS::Cognito::UserPool')).ref;
  const clientId = physical(only('AWS::Cognito::UserPoolClient')).ref;
  const { issuer, jwks, token } = await createIssuer({ region: REGION, userPoolId, clientId, ...dataDir });

  let apiKey: string | undefined;
  const server = await startAppSyncServer({
    port,
    meet,
    pages: (url, response) => servePage({ url, response, apiKey, token }),
    onListening: (url) => {
      addresses.graphql = url;
      const definition = toApiDefinition({
        template,
        resolve,
        physical,
        region: REGION,
        accountId: ACCOUNT_ID,
        userPool: () => ({ userPoolId, issuer, jwks }),
        dataSource: createDataSources({ deployment, functions, client, releasers }),
      });
      apiKey = definition.apiKeys[0]?.key;
      return {
        engine: createEngine({ definition, prelude: readFileSync(PRELUDE, 'utf8') }),
        authenticate: createAuthenticate({ definition, verifySignature, clock: Date.now }),
      };
    },
  });
  releasers.add(server.stop);

  releasers.add(startEventSources({ deployment, functions, client, log }).stop);
  const { tick, stop: stopSchedules } = startSchedules({ deployment, functions, log });
  releasers.add(stopSchedules);

  const { emit } = createEventRules({ deployment, functions, log });
  const pools = createWorkers({ deployment, webui, instances, bootMs, log, emit });
  for (const { group } of pools) {
    groups.push(group);
    releasers.add(group.stop);
    await group.start();
  }

  return {
    urls: {
      graphql: server.url,
      realtime: toRealtimeUrl(server.url),
      cdn: cdn.url,
      aws: gateway.url,
      graphiql: new URL('/', server.url).href,
    },
    apiKey,
    certificate: server.certificate,
    token,
    accessKey: (userName, statements = [ALLOW_GRAPHQL]) =>
      keys.issue(toPrincipal(`user/${userName}`, userName, statements)),
    calls,
    environments: () => ({
      ...Object.fromEntries([...functions].map(([name, { environment }]) => [name, environment()])),
      workers: workerEnvironment(deployment),
    }),
    client,
    names,
    pools,
    tick,
    faults: { inject, met, cutSockets: server.cutSockets, restartAppSync: server.restart },
  };
};

const ALLOW_EVERYTHING: PolicyStatement = { Effect: 'Allow', Action: '*', Resource: '*' };
const ALLOW_GRAPHQL: PolicyStatement = { Effect: 'Allow', Action: 'appsync:GraphQL', Resource: '*' };

const toPrincipal = (path: string, name: string, statements: readonly PolicyStatement[]) => ({
  arn: `arn:aws:iam::${ACCOUNT_ID}:${path}`,
  accountId: ACCOUNT_ID,
  name,
  policies: [{ Statement: statements }],
});
