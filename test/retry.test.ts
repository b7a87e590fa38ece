import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Client } from '../client-sdk/src/index.ts';
import { operatorEnvironment } from '../local/operator-environment.ts';
import { createLedger } from '../ledger/update-task.ts';
import type { Redriven } from '../ledger/redrive.ts';
import { post, userOf, useStack, type Answer } from './helpers/stack.ts';

/* Once more: a task of one's own by retryTask, failed ones of everybody by redrive; and how many there may be at a time. */

const stackOf = useStack({ instances: 0, config: { api: { maxActiveTasksPerOwner: 3 } } });

const headersOf = async (sub: string) => ({ authorization: await stackOf().token({ sub }) });

const retry = async (sub: string, id: string, newId: string | null = null): Promise<Answer> => {
  const query =
    'mutation R($id: ID!, $newId: ID) { retryTask(id: $id, newId: $newId) { id retryOf status kind } }';
  return post(stackOf(), { query, variables: { id, newId } }, await headersOf(sub));
};

const TXT2IMG = { txt2img: { prompt: 'a lighthouse', seed: 7 } };

/** A task that has failed, as a worker reports it. */
const fail = async (client: Client, code = 'WORKER_LOST'): Promise<string> => {
  const { id } = await client.submit(TXT2IMG);
  const { urls, region, accessKey } = stackOf();
  const ledger = createLedger({ graphqlUrl: urls.graphql, region, credentials: accessKey('worker') });
  const leaseToken = randomUUID();
  await ledger.tell({ id, event: 'claim', leaseToken, leaseSeconds: 30, workerId: 'w' });
  const error = { code, message: 'It went wrong.', retryable: true };
  const verdict = await ledger.tell({ id, event: 'fail', attempt: 1, leaseToken, error });
  expect(verdict.accepted).toBe(true);
  return id;
};

describe('retryTask', () => {
  it('submits the same request again, as a task of its own, once', async () => {
    const id = await fail(userOf(stackOf(), 'ann'));
    const newId = randomUUID();
    const { data, errors } = await retry('ann', id, newId);
    expect(errors).toEqual([]);
    expect(data).toEqual({ retryTask: { id: newId, retryOf: id, status: 'QUEUED', kind: 'TXT2IMG' } });
    expect((await retry('ann', id, newId)).data).toEqual(data);
    const [old, fresh] = [await stackOf().inspect.task(id), await stackOf().inspect.task(newId)];
    expect(fresh).toMatchObject({ request: old?.request, attempt: 0, dispatch: 1 });
    expect(await userOf(stackOf(), 'ann').get(newId)).toMatchObject({ retryOf: id });
    await userOf(stackOf(), 'ann').cancel(newId);
  });

  it('copies a request that is too large for the row', async () => {
    const client = userOf(stackOf(), 'ann');
    const data = `iVBORw0KGgo${'A'.repeat(8001)}`;
    const { id } = await client.submit({ upscale: { image: { data } } });
    await client.cancel(id);
    const answer = await retry('ann', id);
    const { retryTask } = answer.data as { retryTask: { id: string } };
    const keys = Object.values(await stackOf().inspect.objects()).flat();
    const row = await stackOf().inspect.task(retryTask.id);
    expect(keys).toContain(row?.requestKey);
    expect(keys.filter((key) => key.startsWith(`requests/${id}/`))).toHaveLength(1);
    await client.cancel(retryTask.id);
  });

  it('refuses a task that has not ended, and knows none of anybody else’s', async () => {
    const client = userOf(stackOf(), 'ann');
    const { id } = await client.submit(TXT2IMG);
    expect((await retry('ann', id)).errors[0]).toMatchObject({
      errorType: 'CONFLICT',
      errorInfo: { field: 'id' },
    });
    await client.cancel(id);
    const foreign = await retry('bob', id);
    const missing = await retry('bob', randomUUID());
    expect(foreign.errors[0]?.errorType).toBe('NOT_FOUND');
    expect(missing.errors[0]?.errorType).toBe('NOT_FOUND');
  });
});

describe('the quota', () => {
  it('refuses one task too many, and takes the next when another has ended', async () => {
    const client = userOf(stackOf(), 'eve');
    const handles = await Promise.all([1, 2, 3].map(() => client.submit(TXT2IMG)));
    await expect(client.submit(TXT2IMG)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    // What was accepted is answered all the same, and another owner is not held up.
    const [first] = handles;
    expect((await client.submit({ ...TXT2IMG, id: first?.id ?? '' })).id).toBe(first?.id);
    const other = await userOf(stackOf(), 'mallory').submit(TXT2IMG);
    expect(other.latest()?.status).toBe('QUEUED');
    await first?.cancel();
    await client.submit(TXT2IMG);
    await expect(client.submit(TXT2IMG)).rejects.toThrow(/3 tasks/);
  });
});

describe('npm run redrive', () => {
  const redrive = async (...args: string[]): Promise<readonly Redriven[]> => {
    const { stdout } = await promisify(execFile)(
      ...([process.execPath, ['ledger/redrive/main.ts', '--json', ...args]] as const),
      { env: operatorEnvironment(stackOf()) },
    );
    return JSON.parse(stdout) as Redriven[];
  };

  it('submits what failed so once more, each for its owner, and nothing twice', async () => {
    const ann = userOf(stackOf(), 'ann');
    const bob = userOf(stackOf(), 'bob');
    const mine = [await fail(ann, 'GPU_LOST'), await fail(bob, 'GPU_LOST')];
    await fail(bob, 'OUT_OF_MEMORY');

    const planned = await redrive('--code', 'GPU_LOST', '--dry-run');
    expect(planned.map(({ id, outcome }) => [id, outcome])).toEqual(mine.map((id) => [id, 'due']));
    const first = await redrive('--code', 'GPU_LOST', '--since', '1h');
    expect(first.map(({ id, outcome }) => [id, outcome])).toEqual(mine.map((id) => [id, 'submitted']));
    const second = await redrive('--code', 'GPU_LOST');
    expect(second.map(({ outcome }) => outcome)).toEqual(['done', 'done']);

    const [ofAnn, ofBob] = first;
    expect(await ann.get(ofAnn?.newId ?? '')).toMatchObject({ status: 'QUEUED', retryOf: mine[0] });
    expect(await bob.get(ofBob?.newId ?? '')).toMatchObject({ owner: 'user:bob', retryOf: mine[1] });
    expect(await ann.get(ofBob?.newId ?? '')).toBeNull();
    const row = await stackOf().inspect.task(ofAnn?.newId ?? '');
    expect(row?.dispatchedAt).toBeDefined();
  });

  it('says what it needs, and what it does not understand', async () => {
    const run = promisify(execFile);
    const command = [process.execPath, ['ledger/redrive/main.ts']] as const;
    await expect(run(...command, { env: { AWS_REGION: 'us-east-1' } })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/TASKS_TABLE is not set; POOLS is not set/) as string,
    });
    const [node, [script]] = command;
    await expect(run(node, [script, '--code', 'OOM'])).rejects.toMatchObject({ code: 2 });
    expect((await run(node, [script, '--help'])).stdout).toContain('--dry-run');
  });
});
