import { ApiError } from './errors.ts';
import type { TaskFieldsFragment } from './operations.generated.ts';
import type { Transport } from './transport.ts';

/*
 * The newest state of one task. Pushed snapshots come at most once and in any order, and the socket can be silent without a
 * word: so whatever comes is merged by version, and the task is asked for whenever something may have been missed:
 * when the subscription stands (again), and when a live task has been silent for a while. While the subscription stands the
 * silences get longer; when it was lost they don't, since Amplify can need minutes to renew it.
 */

export interface TaskWatch {
  readonly latest: () => TaskFieldsFragment | undefined;
  /** Why nothing newer will come, although the task has not ended as far as is known. */
  readonly failure: () => ApiError | undefined;
  /** Takes a snapshot from anywhere; an older one changes nothing. */
  readonly merge: (task: TaskFieldsFragment) => void;
  /** Called with every newer snapshot, and with the error that ended the watch. Returns how to stop. */
  readonly listen: (listener: WatchListener) => () => void;
  readonly close: () => void;
}

export interface WatchListener {
  readonly onTask: (task: TaskFieldsFragment) => void;
  readonly onError: (error: ApiError) => void;
}

const FIRST_SILENCE_MS = 15_000;
const LONGEST_SILENCE_MS = 60_000;

/** What waits for silence; the runtime's own unless told. */
export interface Timers {
  readonly setTimeout: (run: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: never) => void;
}

export const openTaskWatch = (id: string, transport: Transport, timers: Timers = globalThis): TaskWatch => {
  const listeners = new Set<WatchListener>();
  let latest: TaskFieldsFragment | undefined;
  let silenceMs = FIRST_SILENCE_MS;
  let silence: unknown;
  let stands = false;
  let closed = false;
  let failure: ApiError | undefined;

  const merge = (task: TaskFieldsFragment): void => {
    if (closed || (latest && latest.version >= task.version)) return;
    latest = task;
    silenceMs = FIRST_SILENCE_MS;
    for (const { onTask } of [...listeners]) onTask(task);
    if (task.isTerminal) close();
    else awaitSilence();
  };

  const fail = (error: ApiError): void => {
    if (closed) return;
    failure = error;
    close();
    for (const { onError } of [...listeners]) onError(error);
  };

  const query = async (): Promise<void> => {
    try {
      const task = await transport.get(id);
      if (task) merge(task);
    } catch (error) {
      // One that may pass is asked again after the next silence.
      if (!(error as ApiError).isRetryable) fail(error as ApiError);
    }
  };

  const awaitSilence = (): void => {
    timers.clearTimeout(silence as never);
    if (closed) return;
    silence = timers.setTimeout(() => {
      if (stands) silenceMs = Math.min(LONGEST_SILENCE_MS, silenceMs * 2);
      void query().finally(awaitSilence);
    }, silenceMs);
  };

  const close = (): void => {
    closed = true;
    timers.clearTimeout(silence as never);
    unsubscribe();
  };

  const lose = (): void => {
    // Told again and again while a socket is being renewed.
    if (!stands) return;
    stands = false;
    silenceMs = FIRST_SILENCE_MS;
    awaitSilence();
  };

  const unsubscribe = transport.subscribe(id, {
    onTask: merge,
    onStart: () => {
      stands = true;
      void query();
    },
    onLost: lose,
    onEnd: () => {
      lose();
      void query();
    },
    onError: fail,
  });
  awaitSilence();

  return {
    latest: () => latest,
    failure: () => failure,
    merge,
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => fail(new ApiError('CLOSED', 'The handle was closed before the task had ended.')),
  };
};
