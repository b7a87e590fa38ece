import { randomBytes } from 'node:crypto';
import type { Task } from '../index.ts';
import type { QueuedTask, TaskQueue } from './queue.ts';
import type { Work } from './translate.ts';

/*
 * The tasks behind the POSTs that wait for an answer.
 *
 *   begin → submitted → snapshots … → ended (terminal, or CANCELING: from there no picture comes)
 *
 * A client that leaves before the end leaves its job abandoned. For the time of grace the same caller can take it up again by
 * the same request, which is what clients do that lost their patience or connection; then the task is canceled, since a picture
 * that nobody sees costs as much as any other. Where there is no grace it goes on to its end, as with the real one.
 */

export interface Job {
  /** What `/internal/progress` knows it by: the caller's `force_task_id`, or one of the WebUI's kind. */
  readonly label: string;
  readonly caller: string;
  readonly work: Work;
  readonly startedAt: number;
  readonly latest: () => Task | undefined;
  readonly preview: () => { readonly url: string; readonly number: number } | undefined;
  /**
   * To be called when somebody asks how far it is. Nothing is pushed when the place of a task changes, so that of one that waits is
   * asked for then, ten seconds after it was last known; whoever asks next is told.
   */
  readonly look: () => void;
}

export interface Flags {
  readonly interrupted: boolean;
  readonly skipped: boolean;
}

export interface Jobs {
  /**
   * The task of that work, once it has ended. Throws what `submit` throws, and the signal's reason when it aborts: then the
   * client has left.
   */
  readonly run: (call: RunCall) => Promise<{ readonly task: Task; readonly job: Job }>;
  /** The caller's oldest that runs, else their oldest that waits. */
  readonly current: (caller: string) => Job | undefined;
  /** Those of the caller that no worker has taken. */
  readonly waiting: (caller: string) => readonly Job[];
  readonly find: (label: string) => Job | undefined;
  readonly hasEnded: (label: string) => boolean;
  /** Of the job that is running, else of the caller's last one: they stay until the next begins. */
  readonly flagsOf: (caller: string) => Flags;
  /** Cancels the caller's current one. Resolves once that was accepted. */
  readonly interrupt: (caller: string, how: 'interrupted' | 'skipped') => Promise<void>;
  /** Cancels what nobody will be told of any more. */
  readonly stop: () => Promise<void>;
}

export interface RunCall {
  readonly caller: string;
  /** Equal for equal requests. */
  readonly fingerprint: string;
  readonly work: Work;
  readonly signal: AbortSignal;
}

export interface JobsOptions {
  readonly submit: TaskQueue['submit'];
  readonly clock: () => number;
  /** How long a job whose client left is kept; undefined: it goes on to its end. */
  readonly graceMs: number | undefined;
  readonly flagsOf: (caller: string) => { interrupted: boolean; skipped: boolean };
  readonly onEnd?: (job: Job) => void;
  readonly timers?: Timers;
}

/** What waits out the grace; the runtime's own unless told. */
export interface Timers {
  readonly setTimeout: (run: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: never) => void;
}

interface OpenJob extends Job {
  readonly fingerprint: string;
  readonly ended: Promise<Task>;
  readonly cancel: () => Promise<void>;
  /** Whether somebody who asks for the same can have it. */
  readonly isWorthIt: () => boolean;
  grace: unknown;
}

/** As many labels of ended jobs are remembered as the WebUI remembers. */
const ENDED_LABELS = 16;
/** How long an estimate is told before a fresh one is asked for. */
const ESTIMATE_MS = 10_000;

export const createJobs = (options: JobsOptions): Jobs => {
  const { submit, clock, graceMs, flagsOf, onEnd, timers = globalThis } = options;
  const open = new Set<OpenJob>();
  const abandoned = new Set<OpenJob>();
  const endedLabels: string[] = [];

  const begin = ({ caller, fingerprint, work }: RunCall): OpenJob => {
    Object.assign(flagsOf(caller), { interrupted: false, skipped: false });
    let latest: Task | undefined;
    let estimatedAt = clock();
    let isCanceled = false;
    let preview: { url: string; number: number } | undefined;
    const submitted = submit(work.request);

    const follow = async (task: QueuedTask): Promise<Task> => {
      try {
        for await (const snapshot of task.updates()) {
          latest = snapshot;
          estimatedAt = clock();
          const url = snapshot.progress?.previewUrl;
          if (url && url !== preview?.url) preview = { url, number: (preview?.number ?? 0) + 1 };
          if (snapshot.isTerminal || snapshot.status === 'CANCELING') return snapshot;
        }
        throw new Error('A task ends with a terminal snapshot');
      } finally {
        task.close();
      }
    };

    const look = (): void => {
      if (latest?.status !== 'QUEUED' || clock() - estimatedAt < ESTIMATE_MS) return;
      estimatedAt = clock();
      const ask = async (): Promise<void> => {
        const now = await (await submitted).status();
        // What has happened comes by `updates`.
        if (now.version === latest?.version) latest = now;
      };
      // An estimate is nice to have.
      ask().catch(() => undefined);
    };

    const job: OpenJob = {
      label: work.label ?? `task(${work.kind}-${randomBytes(4).toString('hex').slice(0, 7)})`,
      ...{ caller, work, fingerprint, startedAt: clock(), grace: undefined },
      latest: () => latest,
      preview: () => preview,
      look,
      ended: submitted.then(follow).finally(() => {
        open.delete(job);
        if (graceMs === undefined) abandoned.delete(job);
        endedLabels.push(job.label);
        if (endedLabels.length > ENDED_LABELS) endedLabels.shift();
        onEnd?.(job);
      }),
      cancel: async () => {
        isCanceled = true;
        // One that was not accepted is nothing to cancel; whoever waits for it is told why.
        const task = await submitted.catch(() => undefined);
        await task?.cancel();
      },
      isWorthIt: () => !isCanceled && (!latest?.isTerminal || latest.status === 'SUCCEEDED'),
    };
    // Whoever waits is told; an abandoned one has nobody.
    job.ended.catch(() => undefined);
    open.add(job);
    return job;
  };

  const abandon = (job: OpenJob): void => {
    abandoned.add(job);
    if (graceMs === undefined) return;
    job.grace = timers.setTimeout(() => {
      abandoned.delete(job);
      if (open.has(job)) void job.cancel().catch(() => undefined);
    }, graceMs);
  };

  const takeUp = ({ caller, fingerprint }: RunCall): OpenJob | undefined => {
    const job = [...abandoned].find(
      (one) => one.caller === caller && one.fingerprint === fingerprint && one.isWorthIt(),
    );
    if (!job) return undefined;
    abandoned.delete(job);
    timers.clearTimeout(job.grace as never);
    return job;
  };

  const attend = (job: OpenJob, signal: AbortSignal): Promise<Task> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        abandon(job);
        reject(signal.reason as Error);
      };
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      const stay = (): void => signal.removeEventListener('abort', leave);
      job.ended.finally(stay).then(resolve, reject);
    });

  const mine = (caller: string): OpenJob[] => [...open].filter((job) => job.caller === caller);

  const current = (caller: string): OpenJob | undefined => {
    const jobs = mine(caller);
    return jobs.find((job) => job.latest()?.status === 'RUNNING') ?? jobs[0];
  };

  return {
    run: async (call) => {
      const job = takeUp(call) ?? begin(call);
      return { task: await attend(job, call.signal), job };
    },
    current,
    waiting: (caller) => mine(caller).filter((job) => (job.latest()?.status ?? 'QUEUED') === 'QUEUED'),
    find: (label) => [...open].find((job) => job.label === label),
    hasEnded: (label) => endedLabels.includes(label),
    flagsOf,
    interrupt: async (caller, how) => {
      const job = current(caller);
      if (!job) return;
      await job.cancel();
      flagsOf(caller)[how] = true;
    },
    stop: async () => {
      for (const job of abandoned) timers.clearTimeout(job.grace as never);
      abandoned.clear();
      if (graceMs === undefined) return;
      await Promise.allSettled([...open].map((job) => job.cancel()));
    },
  };
};
