import type { Flags, Job } from './jobs.ts';

/*
 * What the two progress routes answer. A task tells all its steps in one count, the WebUI those of one pass and how many passes
 * there are.
 */

export interface Progress {
  readonly progress: number;
  readonly eta_relative: number;
  readonly state: object;
  readonly current_image: string | null;
  readonly textinfo: string | null;
}

interface Pace {
  /** −1: it waits for a worker, or the worker loads a model. */
  readonly jobCount: number;
  readonly jobNo: number;
  readonly step: number;
  readonly steps: number;
  /** 0…1. */
  readonly fraction: number;
}

const paceOf = (job: Job): Pace => {
  const { progress } = job.latest() ?? {};
  if (!progress || progress.steps === 0) return { jobCount: -1, jobNo: 0, step: 0, steps: 0, fraction: 0 };
  const passes = job.work.request.payload.enable_hr === true ? 2 : 1;
  const steps = Math.max(1, Math.round(progress.steps / passes));
  const jobNo = Math.min(passes - 1, Math.floor(progress.step / steps));
  const step = progress.step - jobNo * steps;
  return { jobCount: passes, jobNo, step, steps, fraction: progress.fraction };
};

/** As the real one does, a hundredth ahead: clients take 0 for idle. */
const AHEAD = 0.01;

export const toProgress = (
  job: Job | undefined,
  flags: Flags,
  image: string | null,
  now: number,
): Progress => {
  const state = { ...flags, stopping_generation: false, job_timestamp: '0' };
  if (!job) {
    const idle = { job: '', job_count: 0, job_no: 0, sampling_step: 0, sampling_steps: 0 };
    return {
      progress: 0,
      eta_relative: 0,
      state: { ...state, ...idle },
      current_image: null,
      textinfo: null,
    };
  }
  const pace = paceOf(job);
  const progress = Math.min(1, pace.fraction + AHEAD);
  return {
    progress,
    eta_relative: etaOf(job, pace, now),
    state: {
      ...state,
      job: job.work.kind === 'extra-single-image' ? 'extras' : `scripts_${job.work.kind}`,
      job_timestamp: toTimestamp(new Date(job.startedAt)),
      job_count: pace.jobCount,
      job_no: pace.jobNo,
      sampling_step: pace.step,
      sampling_steps: pace.steps,
    },
    current_image: image,
    textinfo: isWaiting(job) ? toPlace(job) : null,
  };
};

const isWaiting = (job: Job): boolean => (job.latest()?.status ?? 'QUEUED') === 'QUEUED';

const toPlace = (job: Job): string => {
  const { estimate } = job.latest() ?? {};
  return estimate ? `In queue, place ${estimate.queuePosition}` : 'In queue';
};

/** Seconds until its images should be stored. */
const waitOf = (job: Job, now: number): number | undefined => {
  const eta = job.latest()?.estimate?.eta;
  return eta ? Math.max(0, (Date.parse(eta) - now) / 1000) : undefined;
};

/** Seconds; 0 while nobody can tell. */
const etaOf = (job: Job, { fraction }: Pace, now: number): number => {
  if (isWaiting(job)) return waitOf(job, now) ?? 0;
  const told = job.latest()?.progress?.etaSeconds;
  if (typeof told === 'number') return told;
  const elapsed = (now - job.startedAt) / 1000;
  return fraction === 0 ? 0 : elapsed / fraction - elapsed;
};

export const toTimestamp = (date: Date): string => date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);

/** `POST /internal/progress`: of one job, by its label. One that failed has ended, too; the real one never says so. */
export const toInternalProgress = (
  job: Job | undefined,
  hasEnded: boolean,
  preview: { readonly image: string; readonly number: number } | undefined,
  now: number,
): object => {
  const nothing = {
    ...{ active: false, queued: false, completed: false, progress: null, eta: null },
    ...{ live_preview: null, id_live_preview: -1, textinfo: null },
  };
  if (!job) return hasEnded ? { ...nothing, completed: true } : { ...nothing, textinfo: 'Waiting...' };
  if (isWaiting(job))
    return { ...nothing, queued: true, eta: waitOf(job, now) ?? null, textinfo: toPlace(job) };
  const pace = paceOf(job);
  return {
    ...nothing,
    ...{ active: true, progress: pace.fraction, eta: etaOf(job, pace, now) },
    ...(preview && {
      live_preview: `data:image/png;base64,${preview.image}`,
      id_live_preview: preview.number,
    }),
  };
};
