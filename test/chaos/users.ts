import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, TaskError, type Client, type Task, type TaskHandle } from '../../client-sdk/src/index.ts';
import type { History } from './history.ts';
import type { ChaosTask } from './workload.ts';

/* What a program does that uses the SDK as its documentation says: submit, submit again where that may help, watch, cancel. */

/** How a watcher's waiting ended. */
export interface WatcherEnd {
  readonly taskId: string;
  /** `handle`, `twin` (of a second submit), `later` (made from the id). */
  readonly watcher: string;
  readonly end:
    | { readonly kind: 'resolved'; readonly task: Task }
    | { readonly kind: 'rejected'; readonly task: Task }
    /** The SDK gave up: no answer to what became of the task. */
    | { readonly kind: 'gave up'; readonly code: string; readonly message: string }
    | { readonly kind: 'waiting' };
}

/** What one user lived through with one task. */
export interface Life {
  readonly taskId: string;
  /** Undefined: accepted. */
  readonly refusal: string | undefined;
  readonly watchers: readonly WatcherEnd[];
  /** What the cancel was answered, where there was one. */
  readonly canceled: Task | undefined;
}

export interface UserOptions {
  readonly client: Client;
  readonly history: History;
  /** Told once the task was accepted, or refused for good. */
  readonly onSubmitted: () => void;
  /** Ends all waiting: what has not ended by then is left waiting. */
  readonly signal: AbortSignal;
}

const AGAIN_MS = 500;

export const liveThrough = async (task: ChaosTask, options: UserOptions): Promise<Life> => {
  const { client, history, onSubmitted, signal } = options;
  const { id, owner, input } = task;
  const watchers: Promise<WatcherEnd>[] = [];
  let canceling: Promise<Task | undefined> | undefined;

  const cancel = (handle: TaskHandle): void => {
    canceling ??= untilAnswered(handle.cancel, signal).then(
      (answer) => {
        history.see(owner, 'cancel', answer);
        return answer;
      },
      () => undefined,
    );
  };

  const watch = async (handle: TaskHandle, watcher: string): Promise<WatcherEnd> => {
    const ended = (end: WatcherEnd['end']): WatcherEnd => ({ taskId: id, watcher, end });
    try {
      for await (const update of handle.updates({ signal })) {
        history.see(owner, watcher, update);
        if (task.cancel === 'running' && update.status === 'RUNNING') cancel(handle);
      }
      return ended({ kind: 'resolved', task: await handle.result({ signal }) });
    } catch (error) {
      if (error instanceof TaskError) return ended({ kind: 'rejected', task: error.task });
      if (signal.aborted) return ended({ kind: 'waiting' });
      const { code, message } =
        error instanceof ApiError ? error : { code: 'UNKNOWN', message: String(error) };
      return ended({ kind: 'gave up', code, message });
    }
  };

  const submit = async (watcher: string): Promise<TaskHandle> => {
    const handle = await untilAnswered(() => client.submit(input), signal);
    const accepted = handle.latest();
    if (accepted) history.see(owner, 'submit', accepted);
    watchers.push(watch(handle, watcher));
    return handle;
  };

  const submits = await Promise.allSettled([submit('handle'), ...(task.isTwice ? [submit('twin')] : [])]);
  onSubmitted();
  const [first, ...others] = submits.flatMap((settled) =>
    settled.status === 'fulfilled' ? settled.value : [],
  );
  const refused = submits.find((settled) => settled.status === 'rejected');
  if (first && task.cancel === 'accepted') cancel(others[0] ?? first);
  if (first && task.isWatchedLater) watchers.push(watch(client.task(id), 'later'));
  return {
    taskId: id,
    refusal: refused && toReason(refused.reason),
    watchers: await Promise.all(watchers),
    canceled: await canceling,
  };
};

/** Every call may be repeated with the same id; the SDK has repeated it some times already. */
const untilAnswered = async <T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> => {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ApiError && error.isRetryable)) throw error;
      await delay(AGAIN_MS, undefined, { signal });
    }
  }
};

const toReason = (error: unknown): string =>
  error instanceof ApiError ? `${error.code}: ${error.message}` : String(error);
