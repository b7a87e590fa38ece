import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MetadataServiceOptions {
  readonly instanceId: string;
  readonly region: string;
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
  readonly stop: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly text?: string;
}

const ROOT = '/latest/meta-data/';
const MAX_TOKEN_SECONDS = 21_600;

/**
 * Version 2 of the service alone, since the launch template requires it (EC2 user guide, "Use the Instance Metadata
 * Service"): a token by PUT, then items by GET with the token.
 */
export const startMetadataService = async (options: MetadataServiceOptions): Promise<MetadataService> => {
  const { instanceId, region, clock = Date.now } = options;
  const items = new Map([
    ['instance-id', instanceId],
    ['placement/region', region],
    ['placement/availability-zone', `${region}a`],
  ]);
  const tokens = createTokens(clock);

  const answer = (request: IncomingMessage): Answer => {
    const { method, url = '/', headers } = request;
    if (method === 'PUT' && url === '/latest/api/token') return tokens.issue(headers);
    if (method !== 'GET') return { status: 405 };
    if (!tokens.isValid(headers['x-aws-ec2-metadata-token'])) return { status: 401 };
    const text = url.startsWith(ROOT) ? items.get(url.slice(ROOT.length)) : undefined;
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
    setTargetLifecycleState: (state) => void items.set('autoscaling/target-lifecycle-state', state),
    noticeSpot: (at) => {
      const time = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
      items.set('spot/instance-action', JSON.stringify({ action: 'terminate', time }));
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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
