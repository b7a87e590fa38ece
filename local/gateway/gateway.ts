import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { QueryEndpoint } from '../auto-scaling/query-protocol.ts';
import type { Meet } from '../faults/faults.ts';
import { meetFault } from '../faults/meet-fault.ts';
import type { AccessKey, Principal } from '../iam/types.ts';
import type { VerifySignature } from '../iam/verify-signature.ts';
import { applyCors, type CorsOf } from './cors.ts';
import { startDynamoDbEngine } from './dynamodb-engine.ts';
import type { Engine } from './engine.ts';
import { failCall, refuseJson, refuseSignature, refuseXml, sendXml } from './errors.ts';
import { createPostVerifier, PostRefusal, type Upload, type VerifyPost } from './presigned-post.ts';
import { startSqsS3Engine, type SqsS3Engine } from './sqs-s3-engine.ts';
import { createTimeToLive, type TimeToLive } from './time-to-live.ts';

export interface GatewayOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  readonly verifySignature: VerifySignature;
  /** Of forms, which bring their signature in a field. None is accepted unless told. */
  readonly verifyPost?: VerifyPost;
  /** What browsers may ask of a bucket from other origins; nothing unless told. */
  readonly corsOf?: CorsOf;
  /** The key that the gateway itself uses for housekeeping. */
  readonly rootKey: AccessKey;
  readonly region: string;
  readonly clock?: () => number;
  /** Keeps what the engines hold. Absent: in memory. */
  readonly dataDir?: string;
  /** Told of every call that was let through, e.g. `DynamoDB.PutItem`. */
  readonly onCall?: (principal: Principal, call: string) => void;
  /** What goes wrong with such a call; never asked about the root key's own. Nothing unless told. */
  readonly meet?: Meet;
  /** What is played here itself, by the service's name in a signature. */
  readonly queryServices?: Readonly<Record<string, QueryEndpoint>>;
}

export interface Gateway {
  /** The endpoint for every AWS SDK client: `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /** Deletes items past their time to live; resolves with how many. */
  readonly sweepExpiredItems: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

interface Call {
  readonly service: string;
  readonly operation: string;
  readonly principal: Principal;
  readonly body: Buffer;
}

const SERVICE_NAMES: Readonly<Record<string, string>> = {
  dynamodb: 'DynamoDB',
  sqs: 'SQS',
  s3: 'S3',
  autoscaling: 'AutoScaling',
  ec2: 'EC2',
};

/**
 * The one door to DynamoDB, SQS, S3 and Auto Scaling. It knows the caller by the signature, sends the request to the engine
 * that the signature's scope names, and adds what the engines lack: time to live, fresh counts, and messages that a dead
 * poller was given.
 */
export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const { port = 0, verifySignature, rootKey, region, clock = Date.now, dataDir, onCall, meet } = options;
  const {
    queryServices = {},
    verifyPost = createPostVerifier({ lookup: () => undefined }),
    corsOf = () => [],
  } = options;
  const sockets = mkdtempSync(join(tmpdir(), 'sd-async-'));
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true });
  const dynamodb = await startDynamoDbEngine({
    socketPath: join(sockets, 'dynamodb'),
    ...(dataDir !== undefined && { dataPath: join(dataDir, 'dynamodb') }),
  });
  const sqsS3 = await startSqsS3Engine({
    socketPath: join(sockets, 'sqs-s3'),
    ...(dataDir !== undefined && { dataDir: join(dataDir, 'sqs-s3') }),
  });

  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuseJson(response, 500, 'InternalFailure', String(error));
    });
  });

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const service = serviceOf(request);
    const body = await buffer(request);
    const url = request.url ?? '/';
    const headers = toHeaders(request);
    if (service === 's3' && applyCors(request, response, corsOf(bucketOf(url)))) return;
    if (service === 's3' && isForm(request)) return toUpload(request, response, body);
    const verified = verifySignature({ method: request.method ?? 'GET', url, headers, body }, { service });
    if (!verified.ok) {
      refuseSignature(response, service, verified.reason, url.includes('X-Amz-Signature='));
      return;
    }
    const call: Call = {
      service,
      operation: operationOf(request, service, body),
      principal: verified.key.principal,
      body,
    };
    const name = `${SERVICE_NAMES[service] ?? service}.${call.operation}`;
    onCall?.(call.principal, name);
    // Whoever looks at the stack from outside sees it as it is.
    const fault = call.principal === rootKey.principal ? undefined : meet?.(name);
    // Of a message that is received twice, each receive is whole.
    const isDoubled = fault?.kind === 'twice' && call.operation === 'ReceiveMessage';
    if (fault && !isDoubled) {
      const engine = service === 'dynamodb' ? dynamodb : sqsS3;
      const perform = async (): Promise<unknown> =>
        queryServices[service]?.(toForm(body)) ?? buffer(await ask(engine, request, body));
      const fail = (status: 500 | 503): void => failCall(response, service, status);
      if (await meetFault(fault, { response, perform, fail })) return;
    }
    if (service === 'dynamodb') return toDynamoDb(call, request, response, dynamodb, timeToLive);
    if (service === 'sqs') return toSqs(call, request, response, sqsS3, isDoubled);
    if (service === 's3') return forward(sqsS3, request, call.body, response);
    const endpoint = queryServices[service];
    if (endpoint) return sendXml(response, endpoint(toForm(body)));
    refuseJson(response, 400, 'UnknownOperationException', `The local stack has no service ${service}.`);
  };

  /** Checked here and put there: the engine takes any form, and checks nothing. */
  const toUpload = async (
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): Promise<void> => {
    const bucket = bucketOf(request.url ?? '/');
    let upload: Upload;
    try {
      upload = await verifyPost({ bucket, body, contentType: request.headers['content-type'] ?? '' });
    } catch (error) {
      if (!(error instanceof PostRefusal)) throw error;
      return refuseXml(response, error.status, error.code, error.message);
    }
    const name = 'S3.PostObject';
    onCall?.(upload.signer.principal, name);
    const perform = async (): Promise<IncomingMessage> => {
      const path = `/${bucket}/${upload.key.split('/').map(encodeURIComponent).join('/')}`;
      const type = upload.contentType ?? 'binary/octet-stream';
      const answer = await put(sqsS3, path, upload.bytes, type);
      answer.resume();
      return answer;
    };
    const fail = (status: 500 | 503): void => failCall(response, 's3', status);
    const fault = meet?.(name);
    if (fault && (await meetFault(fault, { response, perform, fail }))) return;
    const { statusCode = 502, headers } = await perform();
    response.writeHead(statusCode < 300 ? upload.status : statusCode, { etag: headers.etag ?? '' }).end();
  };

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const timeToLive = createTimeToLive({ endpoint: url, region, credentials: rootKey }, clock);

  return {
    url,
    sweepExpiredItems: timeToLive.sweep,
    stop: async () => {
      timeToLive.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await dynamodb.stop();
      await sqsS3.stop();
      rmSync(sockets, { recursive: true, force: true });
    },
  };
};

const toHeaders = (request: IncomingMessage): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );

/** The service that the signature was made for; S3 where there is none, since only S3 has unsigned requests. */
const serviceOf = (request: IncomingMessage): string => {
  const credential =
    /Credential=([^,\s]+)/.exec(request.headers.authorization ?? '')?.[1] ??
    new URL(request.url ?? '/', 'http://host').searchParams.get('X-Amz-Credential');
  return credential?.split('/')[3] ?? 's3';
};

const bucketOf = (url: string): string => /^\/([^/?]*)/.exec(url)?.[1] ?? '';

const isForm = ({ method, headers }: IncomingMessage): boolean =>
  method === 'POST' && (headers['content-type'] ?? '').startsWith('multipart/form-data');

const toForm = (body: Buffer): URLSearchParams => new URLSearchParams(body.toString());

const operationOf = (request: IncomingMessage, service: string, body: Buffer): string => {
  if (service === 'autoscaling' || service === 'ec2') return toForm(body).get('Action') ?? 'unnamed';
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.')[1] ?? target;
  const isObject =
    service === 's3' && (request.url ?? '/').split('?')[0]?.split('/').filter(Boolean).length !== 1;
  const verbs: Readonly<Record<string, string>> = { PUT: 'Put', GET: 'Get', HEAD: 'Head', DELETE: 'Delete' };
  return `${verbs[request.method ?? ''] ?? request.method}${isObject ? 'Object' : 'Bucket'}`;
};

const toDynamoDb = async (
  call: Call,
  request: IncomingMessage,
  response: ServerResponse,
  engine: Engine,
  timeToLive: TimeToLive,
): Promise<void> => {
  if (call.operation.endsWith('TimeToLive')) {
    const answer = timeToLive.answer(
      call.operation,
      JSON.parse(call.body.toString()) as Record<string, unknown>,
    );
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
    return;
  }
  await forward(engine, request, call.body, response);
};

const toSqs = async (
  call: Call,
  request: IncomingMessage,
  response: ServerResponse,
  engine: SqsS3Engine,
  isDoubled: boolean,
): Promise<void> => {
  const { QueueUrl = '' } = JSON.parse(call.body.toString()) as { QueueUrl?: string };
  if (call.operation === 'GetQueueAttributes') engine.refreshQueue(QueueUrl.split('/').at(-1) ?? '');
  if (call.operation !== 'ReceiveMessage') return forward(engine, request, call.body, response);
  const answer = await ask(engine, request, call.body);
  const body = await buffer(answer);
  // SQS gives nothing to a poller that has gone; fauxqs does, and would hide the messages from everybody.
  if (response.destroyed) return handBack(engine, request, QueueUrl, body);
  response.writeHead(answer.statusCode ?? 502, answer.headers).end(body);
  if (isDoubled) await handBack(engine, request, QueueUrl, body);
};

const handBack = async (
  engine: Engine,
  request: IncomingMessage,
  QueueUrl: string,
  received: Buffer,
): Promise<void> => {
  const { Messages = [] } = JSON.parse(received.toString()) as { Messages?: { ReceiptHandle: string }[] };
  for (const { ReceiptHandle } of Messages) {
    const body = Buffer.from(JSON.stringify({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    const answer = await ask(engine, request, body, { 'x-amz-target': 'AmazonSQS.ChangeMessageVisibility' });
    answer.resume();
  }
};

const ask = (
  engine: Engine,
  request: IncomingMessage,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { 'transfer-encoding': _chunked, ...kept } = request.headers;
    httpRequest({
      socketPath: engine.socketPath,
      method: request.method,
      path: request.url,
      headers: { ...kept, ...headers, 'content-length': body.length },
    })
      .once('response', resolve)
      .once('error', reject)
      .end(body);
  });

const put = (engine: Engine, path: string, body: Buffer, type: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = { host: '127.0.0.1', 'content-type': type, 'content-length': body.length };
    httpRequest({ socketPath: engine.socketPath, method: 'PUT', path, headers })
      .once('response', resolve)
      .once('error', reject)
      .end(body);
  });

const forward = async (
  engine: Engine,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<void> => {
  const answer = await ask(engine, request, body);
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(response);
};
