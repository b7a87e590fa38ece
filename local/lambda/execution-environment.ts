import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';

/*
 * One execution environment of a Lambda function: a thread that holds the function's module and handles one invocation
 * after another, like the real runtime's. `process.env` is the function's own.
 */

export interface EnvironmentData {
  /** Absolute path of the module, e.g. `…/index.mjs`. */
  readonly modulePath: string;
  readonly exportName: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
}

export interface InvocationMessage {
  readonly event: unknown;
  /** When the invocation will be ended, in milliseconds since 1970. */
  readonly deadline: number;
}

export type InvocationReply =
  | { readonly payload: unknown }
  | {
      readonly error: {
        readonly errorType: string;
        readonly errorMessage: string;
        readonly stackTrace: string[];
      };
    };

/** The fields of Node.js handlers' context object (AWS Lambda developer guide, "nodejs-context"). */
const toContext = (data: EnvironmentData, deadline: number): Record<string, unknown> => ({
  functionName: data.functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: data.functionArn,
  memoryLimitInMB: String(data.memoryMb),
  awsRequestId: randomUUID(),
  logGroupName: `/aws/lambda/${data.functionName}`,
  logStreamName: 'local',
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
});

const toReply = (thrown: unknown): InvocationReply => {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return {
    error: {
      errorType: error.name,
      errorMessage: error.message,
      stackTrace: (error.stack ?? '').split('\n'),
    },
  };
};

const run = async (data: EnvironmentData): Promise<void> => {
  const module = (await import(pathToFileURL(data.modulePath).href)) as Record<string, unknown>;
  const handler = module[data.exportName];
  if (typeof handler !== 'function') {
    throw new Error(`${data.modulePath} exports no function ${data.exportName}`);
  }
  const handle = async ({ event, deadline }: InvocationMessage): Promise<void> => {
    let reply: InvocationReply;
    try {
      const payload: unknown = await handler(event, toContext(data, deadline));
      // Lambda speaks JSON: what JSON can't say gets lost here as it does there.
      reply = { payload: JSON.parse(JSON.stringify(payload ?? null)) as unknown };
    } catch (thrown) {
      reply = toReply(thrown);
    }
    parentPort?.postMessage(reply);
  };
  parentPort?.on('message', (message: InvocationMessage) => void handle(message));
};

if (!isMainThread) await run(workerData as EnvironmentData);
