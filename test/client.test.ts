import { describe, expect, it, vi } from 'vitest';
import { createClient, TaskCanceledError, type Task } from '../client-sdk/src/index.ts';
import { clientOf, userOf, useStack } from './helpers/stack.ts';

/* The client's own methods, over the running stack. Nobody works on the tasks. */

const stackOf = useStack({ instances: 0 });

const INPUT = { prompt: 'a lighthouse', seed: 7 };

const listOf = async (tasks: AsyncIterable<Task>): Promise<Task[]> => {
  const list: Task[] = [];
  for await (const task of tasks) list.push(task);
  return list;
};

describe('a submit', () => {
  it.each(['cut', 'unheard'] as const)('whose answer is lost (%s) is one task', async (kind) => {
    const client = userOf(stackOf(), `submit-${kind}`);
    const { faults } = stackOf();
    const lift = faults.inject({ calls: ['AppSync.submitTask'], fault: { kind } });
    const submitting = client.txt2img(INPUT);
    await vi.waitFor(() => expect(faults.met()[`${kind} AppSync.submitTask`]).toBeGreaterThan(0));
    lift();
    const { id } = await submitting;
    expect((await client.list()).items.map((task) => task.id)).toEqual([id]);
  });

  it('that is not answered says which task it may have been', async () => {
    const id = crypto.randomUUID();
    const endpoint = 'http://127.0.0.1:1/graphql';
    const client = createClient({ endpoint, auth: { apiKey: 'da2-x' } });
    const submitting = client.txt2img(INPUT, { id });
    await expect(submitting).rejects.toMatchObject({ name: 'NetworkError', taskId: id });
  }, 30_000);

  it('is refused with an error that knows the field, or the id', async () => {
    const client = userOf(stackOf(), 'refused');
    await expect(client.txt2img({ ...INPUT, width: 65 })).rejects.toMatchObject({
      name: 'ValidationError',
      field: 'txt2img.width',
    });
    const { id } = await client.txt2img(INPUT);
    await expect(client.txt2img({ prompt: 'another' }, { id })).rejects.toMatchObject({
      ...{ name: 'ApiError', code: 'CONFLICT', taskId: id },
    });
    const stranger = clientOf(stackOf(), { apiKey: 'da2-nobody' });
    await expect(stranger.task(id).status()).rejects.toMatchObject({ name: 'UnauthorizedError', taskId: id });
  });

  it('that ends while it is tried again leaves nothing waiting', async () => {
    const client = createClient({ endpoint: 'http://127.0.0.1:1/graphql', auth: { apiKey: 'da2-x' } });
    const submitting = client.txt2img(INPUT);
    client.close();
    await expect(submitting).rejects.toMatchObject({ name: 'ClosedError' });
    await expect(client.task(crypto.randomUUID()).result()).rejects.toMatchObject({ name: 'ClosedError' });
  });
});

describe("the caller's tasks", () => {
  it('are listed newest first, page by page, no more than were asked for', async () => {
    const client = userOf(stackOf(), 'lister');
    const ids: string[] = [];
    for (let count = 0; count < 7; count += 1) ids.unshift((await client.txt2img(INPUT)).id);
    expect((await listOf(client.tasks())).map(({ id }) => id)).toEqual(ids);
    expect((await listOf(client.tasks({ limit: 3 }))).map(({ id }) => id)).toEqual(ids.slice(0, 3));
    await client.cancel(ids[2] ?? '');
    // The index by which they are listed is a moment behind.
    await vi.waitFor(async () => {
      const canceled = await listOf(client.tasks({ status: 'CANCELED' }));
      expect(canceled.map(({ id }) => id)).toEqual([ids[2]]);
    });
    expect(await listOf(client.tasks({ status: 'CANCELED', limit: 1 }))).toHaveLength(1);
  });

  it('may be tried again once they have ended', async () => {
    const client = userOf(stackOf(), 'again');
    const first = await client.txt2img(INPUT);
    await expect(client.retry(first.id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await first.cancel();
    await expect(first.result()).rejects.toBeInstanceOf(TaskCanceledError);
    const newId = crypto.randomUUID();
    const again = await client.retry(first.id, newId);
    expect(again.latest()).toMatchObject({ id: newId, retryOf: first.id, status: 'QUEUED' });
    expect((await client.retry(first.id, newId)).id).toBe(newId);
  });

  it('that do not exist end whoever waits for them', async () => {
    const { id } = await userOf(stackOf(), 'ann').txt2img(INPUT);
    await expect(userOf(stackOf(), 'bob').task(id).result()).rejects.toMatchObject({
      ...{ code: 'NOT_FOUND', taskId: id },
    });
  });

  it('are known to nobody else on the same socket', async () => {
    const [ann, bob] = [userOf(stackOf(), 'ann'), userOf(stackOf(), 'bob')];
    const [ofAnn, ofBob] = [await ann.txt2img(INPUT), await bob.txt2img(INPUT)];
    const results = Promise.allSettled([ofAnn.result(), ofBob.result()]);
    await ofAnn.cancel();
    await ofBob.cancel();
    expect(await results).toMatchObject([
      { reason: { taskId: ofAnn.id, task: { owner: 'user:ann' } } },
      { reason: { taskId: ofBob.id, task: { owner: 'user:bob' } } },
    ]);
  });
});

describe('the queue', () => {
  it('is told of a pool that somebody has looked at, and asked for again where no answer came', async () => {
    const client = userOf(stackOf(), 'impatient');
    await client.txt2img(INPUT);
    await stackOf().tick('FleetScaler');
    expect(await client.queue('nowhere')).toBeNull();
    const { faults } = stackOf();
    faults.inject({ calls: ['AppSync.queue'], fault: { kind: 'cut' }, times: 1 });
    const queue = await client.queue();
    expect(faults.met()).toMatchObject({ 'cut AppSync.queue': 1 });
    expect(queue).toMatchObject({ pool: 'default', running: 0, instances: { ready: 0, busy: 0 } });
    expect(queue?.queued).toBeGreaterThan(0);
    expect(queue?.oldestSeconds).toBeGreaterThan(0);
    expect(await client.queue('default')).toMatchObject({ asOf: queue?.asOf });
  });
});

describe('models', () => {
  it('are none while there is no worker', async () => {
    expect(await clientOf(stackOf()).models()).toEqual([]);
  });
});
