import { Worker } from 'node:worker_threads';
import type { EnvironmentData, InvocationMessage, InvocationReply } from './execution-environment.ts';

export interface LambdaFunctionOptions extends EnvironmentData {
  /** The whole environment, as the template and the runtime set it. Evaluated when the first environment starts. */
  readonly environment: () => Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** Receives the function's standard output and error, line by line. */
  readonly log: (line: string) => void;
}

export interface LambdaFunction {
  readonly functionName: string;
  /** One invocation (RequestResponse). Never rejects: a failure is a reply. */
  readonly invoke: (event: unknown) => Promise<InvocationReply>;
  readonly stop: () => Promise<void>;
}

/**
 * Runs a function from its deployed bundle. As on AWS an execution environment handles one invocation at a time, is
 * kept warm afterwards, and is thrown away when an invocation outlives the function's timeout or kills it.
 */
export const createLambdaFunction = (options: LambdaFunctionOptions): LambdaFunction => {
  const { functionName, timeoutSeconds, environment, log, ...data } = options;
  const idle: Worker[] = [];
  const all = new Set<Worker>();

  const start = (): Worker => {
    const worker = new Worker(new URL('./execution-environment.ts', import.meta.url), {
      env: { ...environment() },
      workerData: { ...data, functionName } satisfies EnvironmentData,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: data.memoryMb },
    });
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n')) if (line !== '') log(line);
      });
    }
    all.add(worker);
    worker.once('exit', () => {
      all.delete(worker);
      const index = idle.indexOf(worker);
      if (index >= 0) idle.splice(index, 1);
    });
    return worker;
  };

  return {
    functionName,
    invoke: async (event) => {
      const worker = idle.pop() ?? start();
      const outcome = await settle(worker, event, timeoutSeconds);
      if (outcome.reusable) idle.push(worker);
      else await worker.terminate();
      return outcome.reply;
    },
    stop: async () => {
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
};

interface Outcome {
  readonly reply: InvocationReply;
  readonly reusable: boolean;
}

const failed = (errorType: string, errorMessage: string): Outcome => ({
  reply: { error: { errorType, errorMessage, stackTrace: [] } },
  reusable: false,
});

const settle = (worker: Worker, event: unknown, timeoutSeconds: number): Promise<Outcome> =>
  new Promise((resolve) => {
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      resolve(outcome);
    };
    const onMessage = (reply: InvocationReply): void => finish({ reply, reusable: true });
    const onError = (error: Error): void => finish(failed(error.name, error.message));
    const onExit = (): void =>
      finish(failed('Runtime.ExitError', 'Runtime exited without providing a reason'));
    const timer = setTimeout(() => {
      finish(failed('Sandbox.Timedout', `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`));
    }, timeoutSeconds * 1000);
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage({ event, deadline: Date.now() + timeoutSeconds * 1000 } satisfies InvocationMessage);
  });
