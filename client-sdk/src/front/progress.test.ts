import { describe, expect, it } from 'vitest';
import type { Task } from '../index.ts';
import type { Job } from './jobs.ts';
import { toInternalProgress, toProgress } from './progress.ts';

const FLAGS = { interrupted: false, skipped: false };

const jobOf = (task: Partial<Task> | undefined, payload: object = {}): Job => ({
  ...{ label: 'task(1)', caller: 'ann', startedAt: 1000 },
  work: {
    kind: 'img2img',
    request: { api: '/sdapi/v1/img2img', payload: payload as Record<string, unknown> },
    renamed: {},
    label: undefined,
  },
  latest: () => task as Task | undefined,
  preview: () => undefined,
  look: () => undefined,
});

const running = (progress: object | null): Partial<Task> => ({
  status: 'RUNNING',
  progress: progress as Task['progress'],
});

const progressOf = (job: Job | undefined) => toProgress(job, FLAGS, null, 5000);

describe('progress', () => {
  it('is zero while nothing runs, but for the flags of the last job', () => {
    expect(toProgress(undefined, { ...FLAGS, interrupted: true }, null, 0)).toMatchObject({
      progress: 0,
      state: { job: '', job_count: 0, interrupted: true },
      textinfo: null,
    });
  });

  it.each([
    ['not yet accepted', undefined, 'In queue'],
    ['queued', { status: 'QUEUED' } as const, 'In queue'],
    ['taken, with nothing told', running(null), null],
  ])('is that of a WebUI which loads while the task is %s', (_name, task, textinfo) => {
    expect(progressOf(jobOf(task))).toMatchObject({
      progress: 0.01,
      eta_relative: 0,
      state: { job: 'scripts_img2img', job_count: -1, sampling_steps: 0 },
      textinfo,
    });
  });

  it('of a task that waits is its place, and the seconds until its images should be stored', () => {
    const waiting = (eta: string | null) =>
      jobOf({ status: 'QUEUED', estimate: { queuePosition: 12, startsAt: eta, eta } });
    const eta = '1970-01-01T00:00:45Z';
    expect(progressOf(waiting(eta))).toMatchObject({
      ...{ progress: 0.01, eta_relative: 40, textinfo: 'In queue, place 12' },
    });
    expect(toProgress(waiting(eta), FLAGS, null, 60_000).eta_relative).toBe(0);
    expect(progressOf(waiting(null))).toMatchObject({ eta_relative: 0, textinfo: 'In queue, place 12' });
    const internal = { active: false, queued: true, progress: null };
    expect(toInternalProgress(waiting(eta), false, undefined, 5000)).toMatchObject({
      ...{ ...internal, eta: 40, textinfo: 'In queue, place 12' },
    });
    expect(toInternalProgress(waiting(null), false, undefined, 5000)).toMatchObject({
      ...{ ...internal, eta: null },
    });
  });

  it('is a hundredth ahead, with the seconds left that the worker told, else that follow', () => {
    const progress = { fraction: 0.25, step: 5, steps: 20, etaSeconds: 7, previewUrl: null };
    expect(progressOf(jobOf(running(progress)))).toMatchObject({
      progress: 0.26,
      eta_relative: 7,
      state: { job_count: 1, job_no: 0, sampling_step: 5, sampling_steps: 20 },
    });
    expect(progressOf(jobOf(running({ ...progress, etaSeconds: null }))).eta_relative).toBe(12);
  });

  it('counts the steps of a second pass anew', () => {
    const progress = { fraction: 0.75, step: 30, steps: 40 };
    expect(progressOf(jobOf(running(progress), { enable_hr: true })).state).toMatchObject({
      ...{ job_count: 2, job_no: 1, sampling_step: 10, sampling_steps: 20 },
    });
  });
});

describe('progress by id', () => {
  it('says whether the task is unknown, queued, running or over', () => {
    const progress = { fraction: 0.5, step: 5, steps: 10, etaSeconds: 2 };
    const of = (job: Job | undefined, hasEnded = false) => toInternalProgress(job, hasEnded, undefined, 0);
    expect(of(undefined)).toMatchObject({ active: false, completed: false, textinfo: 'Waiting...' });
    expect(of(jobOf({ status: 'QUEUED' }))).toMatchObject({
      ...{ queued: true, active: false, eta: null, textinfo: 'In queue' },
    });
    expect(of(jobOf(running(progress)))).toMatchObject({ active: true, progress: 0.5, eta: 2 });
    expect(of(undefined, true)).toMatchObject({ active: false, completed: true });
  });

  it('shows a preview as a data URL, with its number', () => {
    const job = jobOf(running({ fraction: 0.5, step: 5, steps: 10 }));
    expect(toInternalProgress(job, false, { image: 'AAAA', number: 3 }, 0)).toMatchObject({
      live_preview: 'data:image/png;base64,AAAA',
      id_live_preview: 3,
    });
  });
});
