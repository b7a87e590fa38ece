import { describe, expect, it } from 'vitest';
import { createFakeTaskQueue } from '../../../test/helpers/fake-task-queue.ts';
import { settled } from '../../test/fakes.ts';
import { createPerCaller } from './callers.ts';
import { createJobs, type Job, type Jobs } from './jobs.ts';
import type { Work } from './translate.ts';

const workOf = (label?: string): Work => ({
  kind: 'txt2img',
  request: { api: '/sdapi/v1/txt2img', payload: { batch_size: 1 } },
  renamed: {},
  label,
});

/** Jobs over a queue that obeys the test, and a grace that ends when the test says so. */
const setUp = ({ graceMs }: { graceMs: number | undefined } = { graceMs: 10_000 }) => {
  const queue = createFakeTaskQueue();
  const timers = new Map<object, () => void>();
  const ended: Job[] = [];
  let now = 0;
  const jobs = createJobs({
    submit: queue.submit,
    clock: () => now,
    graceMs,
    flagsOf: createPerCaller(() => ({ interrupted: false, skipped: false })),
    onEnd: (job) => ended.push(job),
    timers: {
      setTimeout: (run) => {
        const timer = {};
        timers.set(timer, run);
        return timer;
      },
      clearTimeout: (timer) => void timers.delete(timer),
    },
  });
  const run = (
    caller: string,
    options: { fingerprint?: string; signal?: AbortSignal; label?: string } = {},
  ) =>
    jobs.run({
      caller,
      fingerprint: options.fingerprint ?? 'same',
      work: workOf(options.label),
      signal: options.signal ?? new AbortController().signal,
    });
  /** The grace of every abandoned job is over. */
  const endGrace = (): void => {
    for (const [timer, expire] of timers) {
      timers.delete(timer);
      expire();
    }
  };
  return { queue, jobs, run, ended, endGrace, pass: (ms: number) => void (now += ms) };
};

const leave = async (run: (signal: AbortSignal) => Promise<unknown>, jobs: Jobs, caller: string) => {
  const leaving = new AbortController();
  const running = run(leaving.signal);
  await expect.poll(() => jobs.current(caller)?.latest()).toBeDefined();
  leaving.abort(new Error('left'));
  await expect(running).rejects.toThrow('left');
};

describe('a job', () => {
  it('ends with its task, and is told of', async () => {
    const { queue, run, ended, jobs } = setUp();
    const running = run('ann');
    const [task] = await queue.submitted(1);
    task?.succeed();
    expect((await running).task.status).toBe('SUCCEEDED');
    expect(ended).toHaveLength(1);
    expect(jobs.current('ann')).toBeUndefined();
    expect(task?.isClosed()).toBe(true);
  });

  it('has its place asked for when somebody looks, once in ten seconds, while it waits', async () => {
    const { queue, run, jobs, pass } = setUp();
    const running = run('ann');
    const [task] = await queue.submitted(1);
    await expect.poll(() => jobs.current('ann')?.latest()).toBeDefined();
    const placeAfterLook = async () => {
      jobs.current('ann')?.look();
      await settled();
      return jobs.current('ann')?.latest()?.estimate?.queuePosition;
    };
    task?.estimate({ queuePosition: 3, startsAt: null, eta: null });
    pass(9999);
    expect(await placeAfterLook()).toBeUndefined();
    pass(1);
    expect(await placeAfterLook()).toBe(3);
    task?.estimate({ queuePosition: 2, startsAt: null, eta: null });
    expect(await placeAfterLook()).toBe(3);
    queue.refuse(new Error('away'));
    pass(10_000);
    expect(await placeAfterLook()).toBe(3);
    task?.tell({ status: 'RUNNING', estimate: null });
    expect(await placeAfterLook()).toBeUndefined();
    task?.succeed();
    await running;
  });

  it('is nothing where the queue does not take it', async () => {
    const { queue, run, jobs } = setUp();
    queue.refuse(new Error('full'));
    await expect(run('ann')).rejects.toThrow('full');
    expect(jobs.current('ann')).toBeUndefined();
    queue.refuse(new Error('full'));
    const running = run('ann');
    await jobs.interrupt('ann', 'interrupted');
    await expect(running).rejects.toThrow('full');
  });

  it('is its caller’s oldest that runs, else the oldest that waits', async () => {
    const { queue, run, jobs } = setUp();
    const running = ['first', 'second', 'third'].map((label) => run('ann', { label }));
    const [first, second, third] = await queue.submitted(3);
    expect(jobs.current('ann')?.label).toBe('first');
    expect(jobs.current('bob')).toBeUndefined();
    second?.tell({ status: 'RUNNING' });
    third?.tell({ status: 'RUNNING' });
    await expect.poll(() => jobs.current('ann')?.label).toBe('second');
    expect(jobs.waiting('ann').map(({ label }) => label)).toEqual(['first']);
    for (const task of [first, second, third]) task?.succeed();
    await Promise.all(running);
    expect(jobs.hasEnded('second')).toBe(true);
  });

  it('interrupted while it runs, ends as soon as that is accepted; no other is touched', async () => {
    const { queue, run, jobs } = setUp();
    const mine = run('ann');
    const others = run('bob');
    const [task, other] = await queue.submitted(2);
    task?.tell({ status: 'RUNNING' });
    other?.tell({ status: 'RUNNING' });
    await jobs.interrupt('ann', 'interrupted');
    expect((await mine).task.status).toBe('CANCELING');
    expect(jobs.flagsOf('ann')).toEqual({ interrupted: true, skipped: false });
    expect(jobs.flagsOf('bob').interrupted).toBe(false);
    other?.succeed();
    expect((await others).task.status).toBe('SUCCEEDED');
  });

  it('interrupted in the moment in which it is submitted, is canceled all the same', async () => {
    const { run, jobs } = setUp();
    const running = run('ann');
    await jobs.interrupt('ann', 'skipped');
    expect((await running).task.status).toBe('CANCELED');
  });

  it('clears the flags of the one before it', async () => {
    const { queue, run, jobs } = setUp();
    const first = run('ann');
    await queue.submitted(1);
    await jobs.interrupt('ann', 'interrupted');
    await first;
    const second = run('ann');
    expect(jobs.flagsOf('ann').interrupted).toBe(false);
    const [, task] = await queue.submitted(2);
    task?.succeed();
    await second;
  });
});

describe('a job whose client has left', () => {
  it('is canceled when the grace is over', async () => {
    const { queue, run, jobs, endGrace } = setUp();
    await leave((signal) => run('ann', { signal }), jobs, 'ann');
    const [task] = await queue.submitted(1);
    expect(task?.latest().status).toBe('QUEUED');
    endGrace();
    await expect.poll(() => task?.latest().status).toBe('CANCELED');
  });

  it('is taken up by the same request of the same caller, and by nobody else', async () => {
    const { queue, run, jobs, endGrace } = setUp();
    await leave((signal) => run('ann', { signal }), jobs, 'ann');
    const strangers = [run('bob'), run('ann', { fingerprint: 'other' })];
    const again = run('ann');
    const tasks = await queue.submitted(3);
    expect(tasks).toHaveLength(3);
    endGrace();
    for (const task of tasks) task.succeed();
    expect((await again).task.id).toBe('task-1');
    await Promise.all(strangers);
  });

  it('keeps what came of it for as long', async () => {
    const { queue, run, jobs } = setUp();
    await leave((signal) => run('ann', { signal }), jobs, 'ann');
    const [task] = await queue.submitted(1);
    task?.succeed();
    await expect.poll(() => jobs.current('ann')).toBeUndefined();
    expect((await run('ann')).task.id).toBe('task-1');
  });

  it('is not taken up where it was interrupted or has failed', async () => {
    const { queue, run, jobs } = setUp();
    await leave((signal) => run('ann', { signal }), jobs, 'ann');
    await jobs.interrupt('ann', 'interrupted');
    await leave((signal) => run('ann', { signal }), jobs, 'ann');
    const [, second] = await queue.submitted(2);
    second?.fail('GPU_LOST', 'gone');
    await expect.poll(() => jobs.current('ann')).toBeUndefined();
    const third = run('ann');
    const tasks = await queue.submitted(3);
    tasks[2]?.succeed();
    expect((await third).task.id).toBe('task-3');
  });

  it('goes on to its end where there is no grace', async () => {
    const { queue, run, jobs, ended } = setUp({ graceMs: undefined });
    await leave((signal) => run('ann', { signal }), jobs, 'ann');
    await jobs.stop();
    const [task] = await queue.submitted(1);
    expect(task?.latest().status).toBe('QUEUED');
    task?.succeed();
    await expect.poll(() => ended.length).toBe(1);
  });

  it('is canceled when the front stops', async () => {
    const { queue, run, jobs } = setUp();
    await leave((signal) => run('ann', { signal }), jobs, 'ann');
    await jobs.stop();
    const [task] = await queue.submitted(1);
    expect(task?.latest().status).toBe('CANCELED');
  });
});
