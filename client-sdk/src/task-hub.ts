import { catchUp, type Answer } from './catch-up.ts';
import { ApiError, ClosedError, UnauthorizedError } from './errors.ts';
import { pauseMs } from './retry.ts';
import { isWhole, type Task, type TaskEvent } from './task.ts';
import { SYSTEM_TIMERS, type Timers } from './timers.ts';
import type { Transport } from './transport.ts';

/*
 * The newest state of every task that somebody watches. One subscription, to all of the caller's tasks, serves all of them:
 * it is opened with the first watch and closed with the last.
 *
 * Pushed snapshots come at most once and in any order, and a socket can be silent without a word. So whatever comes, from
 * wherever, is merged by version (a newer estimate of the same version is no news), and tasks are asked for whenever something may
 * have been missed:
 *
 *   the subscription stands, for the first time or again    every task
 *   a watch joins a subscription that stands                that task
 *   an event came without what it should hold               that task, or all where it does not say which
 *   a task was silent for 15 s, then 30, then 60            that task
 *   the machine woke up, the network came back              every task
 *
 * Questions are asked one batch at a time: what falls due meanwhile is in the next one.
 */

export interface TaskWatch {
  readonly latest: () => Task | undefined;
  /** Why nothing newer will come, although the task has not ended as far as is known. */
  readonly failure: () => ApiError | undefined;
  /** Takes a snapshot from anywhere; an older one changes nothing. A task that was not known to exist now is. */
  readonly merge: (task: Task) => void;
  /** Called with every newer snapshot, and with the error that ended the watch. Returns how to stop. */
  readonly listen: (listener: WatchListener) => () => void;
  readonly close: () => void;
}

export interface WatchListener {
  readonly onTask: (task: Task) => void;
  readonly onError: (error: ApiError) => void;
}

export interface WatchOptions {
  /** A snapshot to begin with. */
  readonly known?: Task | undefined;
  /** The task may not exist yet: it is about to be submitted. */
  readonly isPending?: boolean;
}

export interface TaskHub {
  /** Two watches of one task share what they know. */
  readonly watch: (id: string, options?: WatchOptions) => TaskWatch;
  /** Asks after every task: something may have been missed. */
  readonly refresh: () => void;
  /** Ends every watch and the subscription. */
  readonly close: () => void;
}

export interface TaskHubOptions {
  readonly transport: Pick<Transport, 'get' | 'list' | 'subscribe'>;
  readonly timers?: Timers;
  readonly random?: () => number;
}

const FIRST_SILENCE_MS = 15_000;
const LONGEST_SILENCE_MS = 60_000;
/** A task that is not there is asked for once more after this: its submit may be under way. */
const NOT_FOUND_MS = 2000;
/** Tasks that fall silent this close together are asked for together. */
const TOGETHER_MS = 1000;

interface Entry {
  readonly id: string;
  readonly listeners: Set<WatchListener>;
  watches: number;
  latest: Task | undefined;
  failure: ApiError | undefined;
  isPending: boolean;
  silenceMs: number;
  /** When to ask, unless something comes before. Infinity: it is being asked. */
  askAt: number;
  /** Questions in a row that were not answered, and answers in a row that there is no such task. */
  failures: number;
  absences: number;
}

export const createTaskHub = (options: TaskHubOptions): TaskHub => {
  const { transport, timers = SYSTEM_TIMERS, random = Math.random } = options;
  /** Live ones only: a task that has ended is forgotten here, and remembered by those who watch it. */
  const entries = new Map<string, Entry>();
  const due = new Set<Entry>();
  let isAsking = false;
  let isClosed = false;

  const isLive = (entry: Entry): boolean => entries.get(entry.id) === entry;

  const merge = (entry: Entry, task: Task): boolean => {
    if (!isLive(entry) || (entry.latest && entry.latest.version >= task.version)) return false;
    Object.assign(entry, { latest: task, isPending: false, absences: 0, silenceMs: FIRST_SILENCE_MS });
    if (entry.askAt !== Infinity) waitFor(entry, FIRST_SILENCE_MS);
    if (task.isTerminal) forget(entry);
    for (const { onTask } of [...entry.listeners]) onTask(task);
    return true;
  };

  const fail = (entry: Entry, error: ApiError): void => {
    if (!isLive(entry)) return;
    entry.failure = error;
    forget(entry);
    for (const { onError } of [...entry.listeners]) onError(error);
  };

  const failAll = (error: ApiError): void => {
    for (const entry of [...entries.values()]) fail(entry, error);
  };

  const forget = (entry: Entry): void => {
    entries.delete(entry.id);
    due.delete(entry);
    if (entries.size > 0) return;
    subscription.close();
    alarm.clear();
  };

  // Silence: one timer, for whichever task is to be asked for next. It may ring for one that has spoken meanwhile.
  const alarm = createAlarm(timers, () => {
    const now = timers.now();
    const silent = [...entries.values()].filter(({ askAt }) => askAt <= now + TOGETHER_MS);
    for (const entry of silent) entry.silenceMs = Math.min(LONGEST_SILENCE_MS, entry.silenceMs * 2);
    ask(silent);
    for (const { askAt } of entries.values()) alarm.set(askAt);
  });

  const waitFor = (entry: Entry, ms: number): void => {
    entry.askAt = timers.now() + ms;
    alarm.set(entry.askAt);
  };

  const ask = (which: Iterable<Entry>): void => {
    for (const entry of which) {
      entry.askAt = Infinity;
      due.add(entry);
    }
    if (!isAsking && due.size > 0) void askAll();
  };

  const askAll = async (): Promise<void> => {
    isAsking = true;
    // What falls due in the same moment comes along.
    await Promise.resolve();
    while (due.size > 0) {
      const batch = new Map([...due].map((entry) => [entry.id, entry]));
      due.clear();
      const askedAt = timers.now();
      let isNews = false;
      await catchUp(transport, [...batch.keys()], (id, answer) => {
        const entry = batch.get(id);
        if (entry && isLive(entry) && take(entry, answer)) isNews = true;
      });
      if (isNews) subscription.suspect(askedAt);
    }
    isAsking = false;
  };

  /** True: it was news. */
  const take = (entry: Entry, answer: Answer): boolean => {
    // Asked for again since.
    if (!due.has(entry)) waitFor(entry, entry.silenceMs);
    if (answer instanceof ApiError) {
      if (!answer.isRetryable) fail(entry, answer);
      else waitFor(entry, pauseMs((entry.failures += 1), random, LONGEST_SILENCE_MS));
      return false;
    }
    entry.failures = 0;
    if (answer) return merge(entry, answer);
    if (entry.isPending) return false;
    entry.absences += 1;
    if (entry.absences === 1) waitFor(entry, NOT_FOUND_MS);
    else fail(entry, new ApiError('NOT_FOUND', `There is no task ${entry.id}.`, { taskId: entry.id }));
    return false;
  };

  const subscription = createSubscription({
    ...{ transport, timers, random },
    onEvent: (event) => {
      if (!event) return ask(entries.values());
      const entry = entries.get(event.id);
      if (!entry) return;
      if (isWhole(event)) merge(entry, event);
      else ask([entry]);
    },
    onStart: () => ask(entries.values()),
    onRefused: failAll,
  });

  const open = (id: string, isPending: boolean): Entry => {
    const entry: Entry = {
      ...{ id, isPending, watches: 0, latest: undefined, failure: undefined, listeners: new Set() },
      ...{ silenceMs: FIRST_SILENCE_MS, askAt: 0, failures: 0, absences: 0 },
    };
    entries.set(id, entry);
    subscription.open();
    waitFor(entry, FIRST_SILENCE_MS);
    return entry;
  };

  return {
    watch: (id, { known, isPending = false } = {}) => {
      if (isClosed) throw new ClosedError('The client is closed.', { taskId: id });
      const joined = entries.get(id);
      const entry = joined ?? open(id, isPending);
      entry.watches += 1;
      if (known) merge(entry, known);
      // Whoever knows nothing yet is told at once, whoever knows something when the subscription stands.
      if (!joined && isLive(entry) && !isPending && (subscription.stands() || !known)) ask([entry]);
      let isOpen = true;
      const close = (): void => {
        if (!isOpen) return;
        isOpen = false;
        entry.watches -= 1;
        // Nobody waits for its submit any more.
        if (isPending) entry.isPending = false;
        if (entry.watches === 0 && isLive(entry)) forget(entry);
      };
      return {
        latest: () => entry.latest,
        failure: () => entry.failure,
        merge: (task) => void merge(entry, task),
        listen: (listener) => {
          entry.listeners.add(listener);
          return () => void entry.listeners.delete(listener);
        },
        close,
      };
    },
    refresh: () => ask(entries.values()),
    close: () => {
      isClosed = true;
      failAll(new ClosedError('The client was closed before the task had ended.'));
      subscription.close();
      alarm.clear();
    },
  };
};

/** One timer that rings at the earliest moment it was set for. */
const createAlarm = (timers: Timers, ring: () => void) => {
  let timer: unknown;
  let ringsAt = Infinity;
  const clear = (): void => {
    timers.clearTimeout(timer as never);
    ringsAt = Infinity;
  };
  return {
    clear,
    set: (at: number): void => {
      if (at >= ringsAt) return;
      timers.clearTimeout(timer as never);
      ringsAt = at;
      timer = timers.setTimeout(
        () => {
          ringsAt = Infinity;
          ring();
        },
        Math.max(0, at - timers.now()),
      );
    },
  };
};

interface SubscriptionOptions extends Required<TaskHubOptions> {
  /** Null: something was pushed, and nobody can say what. */
  readonly onEvent: (event: TaskEvent | null) => void;
  readonly onStart: () => void;
  /** The caller may not subscribe, not even with fresh credentials, or this runtime can't. */
  readonly onRefused: (error: ApiError) => void;
}

/** How long a subscription that stands may have been silent while there was news, before it is opened anew. */
const MUTE_MS = FIRST_SILENCE_MS;

/**
 * The one subscription, which is opened again when it ends: with fresh credentials at once and once, else after a pause. A
 * socket that says nothing although there is news, as Amplify's can, is replaced too.
 */
const createSubscription = (options: SubscriptionOptions) => {
  const { transport, timers, random, onEvent, onStart, onRefused } = options;
  let unsubscribe: (() => void) | undefined;
  let reopening: unknown;
  let stands = false;
  let failures = 0;
  let refusals = 0;
  let heardAt = 0;

  const close = (): void => {
    timers.clearTimeout(reopening as never);
    const end = unsubscribe;
    unsubscribe = undefined;
    stands = false;
    failures = 0;
    refusals = 0;
    end?.();
  };

  const start = (): void => {
    let isCurrent = true;
    stands = false;
    heardAt = timers.now();
    const end = transport.subscribe({
      onEvent: (event) => {
        if (!isCurrent) return;
        heardAt = timers.now();
        onEvent(event);
      },
      onStart: () => {
        if (!isCurrent) return;
        stands = true;
        failures = 0;
        refusals = 0;
        heardAt = timers.now();
        onStart();
      },
      onError: (error) => {
        if (!isCurrent) return;
        isCurrent = false;
        onError(error);
      },
    });
    unsubscribe = () => {
      isCurrent = false;
      end();
    };
  };

  const onError = (error: ApiError): void => {
    stands = false;
    const isRefused = error instanceof UnauthorizedError;
    if ((isRefused && (refusals += 1) > 1) || error.code === 'NO_WEBSOCKET') return onRefused(error);
    const ms = isRefused ? 0 : pauseMs((failures += 1), random, LONGEST_SILENCE_MS);
    reopening = timers.setTimeout(() => {
      unsubscribe?.();
      start();
    }, ms);
  };

  return {
    stands: () => stands,
    open: () => {
      if (!unsubscribe) start();
    },
    close,
    /** A question asked then was answered with news that was not pushed. */
    suspect: (askedAt: number) => {
      if (!stands || askedAt - heardAt < MUTE_MS) return;
      unsubscribe?.();
      start();
    },
  };
};
