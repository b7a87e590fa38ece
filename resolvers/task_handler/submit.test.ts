import { describe, expect, it } from 'vitest';
import type { SubmitTaskInput, UpdateTaskInput } from '../../contract/schema.generated.ts';
import type { TaskMessage } from '../../contract/message.ts';
import type { TaskRow } from '../../contract/task.ts';
import { createAccept } from '../../ledger/accept.ts';
import { createRing } from '../../ledger/ring.ts';
import { LedgerUnavailableError, type Verdict } from '../../ledger/update-task.ts';
import type { Names } from './catalogue.ts';
import { createSubmit } from './submit.ts';

const ID = '0b38f3a2-6a3f-4a0e-9a53-0d6f3f6b1c11';
const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

/** The Lambda's surroundings in memory. */
const createWorld = (names?: Names) => {
  const rows = new Map<string, TaskRow>();
  const objects = new Map<string, string>();
  const messages: TaskMessage[] = [];
  const events: UpdateTaskInput[] = [];
  const warnings: string[] = [];
  const faults = { send: undefined as Error | undefined, tell: undefined as Error | undefined };
  const submit = createSubmit({
    accept: createAccept({
      tasks: {
        create: async (row) => {
          if (rows.has(row.id)) return 'exists';
          rows.set(row.id, row);
          return 'created';
        },
        get: async (id) => rows.get(id),
        countActive: async () => 0,
      },
      ring: createRing({
        queue: {
          send: async (message) => {
            if (faults.send) throw faults.send;
            messages.push(message);
          },
        },
        ledger: {
          tell: async (event): Promise<Verdict> => {
            if (faults.tell) throw faults.tell;
            events.push(event);
            const row = rows.get(event.id);
            if (row) rows.set(row.id, { ...row, dispatch: event.dispatch ?? 0, dispatchedAt: NOW });
            return { accepted: false, code: 'NOT_ALLOWED', message: 'a worker was faster' };
          },
        },
        warn: (message) => void warnings.push(message),
      }),
    }),
    requests: { put: async (key, json) => void objects.set(key, json) },
    pools: [
      { name: 'default', queueUrl: 'https://sqs/default', group: 'workers', models: [] },
      { name: 'xl', queueUrl: 'https://sqs/xl', group: 'workers-xl', models: ['sd_xl_base_1.0'] },
    ],
    readNames: async (_now, pool) => (pool === 'default' ? names : undefined),
    randomSeed: () => 7,
    randomId: () => ID,
  });
  return {
    rows,
    objects,
    messages,
    events,
    warnings,
    faults,
    submit: (input: Partial<SubmitTaskInput>, owner = 'user:ann') =>
      submit({ field: 'submitTask', owner, now: NOW, input: { id: ID, ...input } as SubmitTaskInput }),
  };
};

const LIGHTHOUSE = { txt2img: { prompt: 'a lighthouse' } };

describe('the pool of a task', () => {
  it.each([
    ['default', undefined],
    ['default', 'v1-5-pruned-emaonly'],
    ['xl', 'sd_xl_base_1.0'],
    ['xl', 'sd_xl_base_1.0.safetensors'],
    ['xl', 'sd_xl_base_1.0.safetensors [31e35c80fc]'],
  ])('is %s for the model %s, and its size stands in the row', async (pool, model) => {
    const world = createWorld();
    const { task } = await world.submit({ txt2img: { prompt: 'a', ...(model !== undefined && { model }) } });
    expect(task?.pool).toBe(pool);
    expect(task?.megapixelSteps).toBeCloseTo((512 * 512 * 20) / 1e6);
  });
});

describe('submitTask', () => {
  it('puts the row, sends the message, then confirms the dispatch', async () => {
    const world = createWorld();
    const { task } = await world.submit(LIGHTHOUSE);
    expect(task).toMatchObject({
      id: ID,
      owner: 'user:ann',
      status: 'QUEUED',
      version: 1,
      attempt: 0,
      createdAt: NOW,
    });
    expect(JSON.parse(task?.request ?? '')).toMatchObject({ txt2img: { prompt: 'a lighthouse', seed: 7 } });
    expect(world.messages).toEqual([{ v: 1, taskId: ID, dispatch: 1 }]);
    expect(world.events).toEqual([{ id: ID, event: 'dispatched', dispatch: 1, ringSeconds: 900 }]);
  });

  it('gives it the time that was asked for, and no longer to start than to end', async () => {
    const { task: usual } = await createWorld().submit(LIGHTHOUSE);
    expect(usual).toMatchObject({ startBy: NOW + 6 * HOUR, deadlineAt: NOW + 12 * HOUR });
    const asked = { startWithinSeconds: 5, finishWithinSeconds: 60 };
    const { task: hurried } = await createWorld().submit({ ...LIGHTHOUSE, ...asked });
    expect(hurried).toMatchObject({ startBy: NOW + 5000, deadlineAt: NOW + 60_000 });
    const { task: short } = await createWorld().submit({ ...LIGHTHOUSE, finishWithinSeconds: 60 });
    expect(short).toMatchObject({ startBy: NOW + 60_000, deadlineAt: NOW + 60_000 });
  });

  it('takes the same request with another deadline for another one', async () => {
    const world = createWorld();
    await world.submit(LIGHTHOUSE);
    const { error } = await world.submit({ ...LIGHTHOUSE, finishWithinSeconds: 60 });
    expect(error?.code).toBe('CONFLICT');
  });

  it('answers a repeated submit with the task that is there, whatever seed it drew, and sends nothing', async () => {
    const world = createWorld();
    await world.submit(LIGHTHOUSE);
    const { task } = await world.submit(LIGHTHOUSE);
    expect(task).toMatchObject({ id: ID, dispatch: 1 });
    expect(world.messages).toHaveLength(1);
  });

  it('sends again where the first submit died before its message was confirmed', async () => {
    const world = createWorld();
    world.faults.send = new Error('SQS is away');
    await expect(world.submit(LIGHTHOUSE)).rejects.toThrow('SQS is away');
    world.faults.send = undefined;
    await world.submit(LIGHTHOUSE);
    expect(world.messages).toEqual([{ v: 1, taskId: ID, dispatch: 1 }]);
  });

  it('accepts a task whose dispatch could not be confirmed: a second message is the worst that follows', async () => {
    const world = createWorld();
    world.faults.tell = new LedgerUnavailableError('timeout');
    expect(await world.submit(LIGHTHOUSE)).toMatchObject({ task: { id: ID } });
    expect(world.warnings).toEqual(['Dispatch was not confirmed']);
  });

  it('refuses the id for another input, and for another owner, without telling what it is', async () => {
    const world = createWorld();
    await world.submit(LIGHTHOUSE);
    const other = await world.submit({ txt2img: { prompt: 'a harbour' } });
    const foreign = await world.submit(LIGHTHOUSE, 'user:bob');
    for (const answer of [other, foreign]) {
      expect(answer).toEqual({
        error: { code: 'CONFLICT', field: 'id', message: expect.any(String) as string },
      });
    }
    expect(world.messages).toHaveLength(1);
  });

  it('keeps a large request in S3, and leaves no object behind for one that is refused', async () => {
    const world = createWorld();
    const image = { data: `iVBORw0KGgo${'A'.repeat(8001)}` };
    const { task } = await world.submit({ upscale: { image } });
    expect(task?.request).toBeUndefined();
    expect([...world.objects.keys()]).toEqual([task?.requestKey]);
    const conflict = await world.submit({ upscale: { image, scale: 3 } });
    expect(conflict.error?.code).toBe('CONFLICT');
    expect(world.objects.size).toBe(1);
  });

  it('refuses a name that no worker has, by the field in which it was sent', async () => {
    const none = new Set<string>();
    const world = createWorld({
      ...{ checkpoints: none, vaes: none, loras: none, upscalers: none, samplers: none, schedulers: none },
    });
    expect((await world.submit(LIGHTHOUSE)).error).toMatchObject({
      code: 'VALIDATION',
      field: 'txt2img.sampler',
      message: expect.stringContaining('no worker has "Euler a"') as string,
    });
    const payload = { prompt: 'x', sampler_name: 'Euler' } as unknown as string;
    const legacy = await world.submit({ api: '/sdapi/v1/txt2img', payload });
    expect(legacy.error?.field).toBe('payload.sampler_name');
    expect([world.rows.size, world.messages.length]).toEqual([0, 0]);
  });

  it.each([
    [{ id: 'not-a-uuid', ...LIGHTHOUSE }, 'id'],
    [{ txt2img: { prompt: 'x', steps: 0 } }, 'txt2img.steps'],
    [{ upscale: { image: { data: `iVBORw0KGgo${'A'.repeat(6_000_001)}` } } }, 'input'],
    [{ ...LIGHTHOUSE, startWithinSeconds: 0 }, 'startWithinSeconds'],
    [{ ...LIGHTHOUSE, startWithinSeconds: 86_401 }, 'startWithinSeconds'],
    [{ ...LIGHTHOUSE, finishWithinSeconds: 1.5 }, 'finishWithinSeconds'],
    [{ ...LIGHTHOUSE, startWithinSeconds: 61, finishWithinSeconds: 60 }, 'startWithinSeconds'],
  ])('leaves nothing behind for an input it refuses: field %#', async (input, field) => {
    const world = createWorld();
    expect((await world.submit(input)).error).toMatchObject({ code: 'VALIDATION', field });
    expect([world.rows.size, world.objects.size, world.messages.length]).toEqual([0, 0, 0]);
  });
});
