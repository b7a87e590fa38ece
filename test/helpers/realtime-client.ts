import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { WebSocket } from 'ws';
import type { AccessKey } from '../../local/iam/types.ts';
import type { LocalStack } from '../../local/stack.ts';

/* A client of AppSync's realtime protocol that knows nothing but frames. */

export interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly payload?: {
    readonly data?: Record<string, Record<string, unknown> | null>;
    readonly errors?: readonly {
      readonly errorType?: string;
      readonly message: string;
      readonly errorCode?: number;
    }[];
    readonly connectionTimeoutMs?: number;
  };
}

export type Authorization = Record<string, string>;

export interface Socket {
  readonly send: (frame: object | string) => void;
  /** Resolves with the next frame for which the test holds; earlier ones count too, each once. */
  readonly next: (test?: (frame: Frame) => boolean) => Promise<Frame>;
  readonly start: (id: string, query: string, authorization: Authorization, variables?: object) => void;
  /** Close code. */
  readonly closed: Promise<number>;
  readonly close: () => void;
  /** The sub-protocol that the server chose. */
  readonly protocol: () => string;
}

export interface OpenOptions {
  readonly authorization?: Authorization;
  /** How the credentials travel; the sub-protocol unless told. */
  readonly by?: 'subProtocol' | 'query' | 'headers';
  readonly path?: '/graphql' | '/graphql/realtime';
  readonly protocols?: readonly string[];
  readonly tls?: boolean;
}

export const keyOf = (stack: LocalStack): Authorization => ({
  host: new URL(stack.urls.graphql).host,
  'x-api-key': stack.apiKey ?? '',
});

export const tokenOf = async (stack: LocalStack, sub: string): Promise<Authorization> => ({
  host: new URL(stack.urls.graphql).host,
  Authorization: await stack.token({ sub }),
});

/** Signed headers as the developer guide has them: of `/connect` with `{}`, or of the endpoint with the start's data. */
export const signatureOf = async (
  stack: LocalStack,
  key: AccessKey,
  path: '/graphql' | '/graphql/connect',
  body: string,
): Promise<Authorization> => {
  const url = new URL(stack.urls.graphql);
  const signer = new SignatureV4({
    service: 'appsync',
    region: stack.region,
    credentials: key,
    sha256: Sha256,
  });
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'https:',
    hostname: url.hostname,
    path,
    headers: {
      accept: 'application/json, text/javascript',
      'content-encoding': 'amz-1.0',
      'content-type': 'application/json; charset=UTF-8',
      host: url.host,
    },
    body,
  });
  return headers;
};

export const openSocket = async (stack: LocalStack, options: OpenOptions = {}): Promise<Socket> => {
  const {
    authorization = keyOf(stack),
    by = 'subProtocol',
    path = '/graphql/realtime',
    tls = false,
  } = options;
  const encoded = Buffer.from(JSON.stringify(authorization));
  const { host } = new URL(stack.urls.graphql);
  const query =
    by === 'query' ? `?header=${encodeURIComponent(encoded.toString('base64'))}&payload=e30=` : '';
  const protocols = options.protocols ?? [
    'graphql-ws',
    ...(by === 'subProtocol' ? [`header-${encoded.toString('base64url')}`] : []),
  ];
  const socket = new WebSocket(`${tls ? 'wss' : 'ws'}://${host}${path}${query}`, [...protocols], {
    headers: by === 'headers' ? authorization : {},
    ...(tls && { ca: stack.certificate }),
  });

  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)) as Frame);
    for (const look of [...waiting]) look();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
  await new Promise<void>((resolve, reject) => socket.once('open', () => resolve()).once('error', reject));

  const next: Socket['next'] = (test = () => true) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const index = frames.findIndex(test);
        const [frame] = index >= 0 ? frames.splice(index, 1) : [];
        if (!frame) return;
        waiting.delete(look);
        resolve(frame);
      };
      waiting.add(look);
      void closed.then((code) => reject(new Error(`closed with ${code} before the frame came`)));
      look();
    });

  const send = (frame: object | string): void =>
    socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));

  return {
    send,
    next,
    start: (id, text, extensions, variables = {}) =>
      send({
        id,
        type: 'start',
        payload: {
          data: JSON.stringify({ query: text, variables }),
          extensions: { authorization: extensions },
        },
      }),
    closed,
    close: () => socket.close(),
    protocol: () => socket.protocol,
  };
};

export const isData = (frame: Frame): boolean => frame.type === 'data';
export const isFor =
  (id: string, type?: string) =>
  (frame: Frame): boolean =>
    frame.id === id && (type === undefined || frame.type === type);
