import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MetadataServiceOptions {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly region: string;
  readonly accountId: string;
  /** Milliseconds since 1970. */
  readonly launchedAt: number;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** The Instance Metadata Service of one instance, at a port of its own instead of 169.254.169.254. */
export interface MetadataService {
  /** For `AWS_EC2_METADATA_SERVICE_ENDPOINT`. */
  readonly url: string;
  /** The state that Auto Scaling is taking the instance to. */
  readonly setTargetLifecycleState: (state: 'InService' | 'Terminated') => void;
  /** Announces that EC2 will take the instance back; milliseconds since 1970. */
  readonly noticeSpot: (at: number) => void;
  /** Says since when EC2 recommends another instance instead; milliseconds since 1970. */
  readonly noticeRebalance: (at: number) => void;
  readonly stop: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly text?: string;
}

const METADATA = '/latest/meta-data/';
const IDENTITY_DOCUMENT = '/latest/dynamic/instance-identity/document';
const MAX_TOKEN_SECONDS = 21_600;

/**
 * Version 2 of the service alone, since the launch template requires it (EC2 user guide, "Use the Instance Metadata
 * Service"): a token by PUT, then items by GET with the token.
 */
export const startMetadataService = async (options: MetadataServiceOptions): Promise<MetadataService> => {
  const { instanceId, instanceType, region, clock = Date.now } = options;
  const items = new Map([
    [`${METADATA}instance-id`, instanceId],
    [`${METADATA}instance-type`, instanceType],
    [`${METADATA}placement/region`, region],
    [`${METADATA}placement/availability-zone`, `${region}a`],
    [IDENTITY_DOCUMENT, toIdentityDocument(options)],
  ]);
  const tokens = createTokens(clock);

  const answer = (request: IncomingMessage): Answer => {
    const { method, url = '/', headers } = request;
    if (method === 'PUT' && url === '/latest/api/token') return tokens.issue(headers);
    if (method !== 'GET') return { status: 405 };
    if (!tokens.isValid(headers['x-aws-ec2-metadata-token'])) return { status: 401 };
    const text = items.get(url);
    return text === undefined ? { status: 404 } : { status: 200, text };
  };

  const server = createServer((request, response) => {
    const { status, text = '' } = answer(request);
    response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setTargetLifecycleState: (state) =>
      void items.set(`${METADATA}autoscaling/target-lifecycle-state`, state),
    noticeSpot: (at) => {
      const notice = { action: 'terminate', time: toSeconds(at) };
      items.set(`${METADATA}spot/instance-action`, JSON.stringify(notice));
    },
    noticeRebalance: (at) => {
      const notice = { noticeTime: toSeconds(at) };
      items.set(`${METADATA}events/recommendations/rebalance`, JSON.stringify(notice));
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** As EC2 writes instants: to the second. */
const toSeconds = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

/** EC2 user guide, "Instance identity documents", without what has no meaning here. */
const toIdentityDocument = (options: MetadataServiceOptions): string => {
  const { instanceId, instanceType, region, accountId, launchedAt } = options;
  const document = {
    accountId,
    architecture: 'x86_64',
    availabilityZone: `${region}a`,
    instanceId,
    instanceType,
    pendingTime: toSeconds(launchedAt),
    privateIp: '127.0.0.1',
    region,
    version: '2017-09-30',
  };
  return JSON.stringify(document, undefined, 2);
};

const createTokens = (clock: () => number) => {
  const endOf = new Map<string, number>();
  return {
    issue: (headers: IncomingMessage['headers']): Answer => {
      // A token must not leave the instance through a proxy on it.
      if (headers['x-forwarded-for'] !== undefined) return { status: 403 };
      const seconds = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
      if (!(seconds >= 1 && seconds <= MAX_TOKEN_SECONDS)) return { status: 400 };
      const token = randomBytes(40).toString('base64');
      endOf.set(token, clock() + seconds * 1000);
      return { status: 200, text: token };
    },
    isValid: (token: string | string[] | undefined): boolean => (endOf.get(String(token)) ?? 0) > clock(),
  };
};
