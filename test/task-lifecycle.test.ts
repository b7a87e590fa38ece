import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { S3Client, HeadObjectCommand } from '@aws-sdk/client-s3';
import { createHash, randomUUID } from 'node:crypto';
import { decode } from 'fast-png';
import { describe, expect, it, vi } from 'vitest';
import type { Task } from '../client-sdk/src/index.ts';
import { readParameters } from '../client-sdk/src/front/wire/png-text.ts';
import { clientOf, useStack } from './helpers/stack.ts';

/* One task from submit to its end, through every part of the system, over real sockets. */

const log: string[] = [];
const stackOf = useStack({
  webui: { arguments: ['--profile', 'demo', '--allow-fault-markers'] },
  log: (source, line) => log.push(`${source} ${line}`),
});

const SMALL = { width: 64, height: 64, steps: 2 };

const download = async (task: Task): Promise<Buffer> => {
  const response = await fetch(task.images?.[0]?.url ?? '');
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
};

/** The message goes after the row was told, and so after the client was. */
const queueIsEmpty = (): Promise<void> =>
  vi.waitFor(async () => expect(await stackOf().inspect.queue()).toEqual({ visible: 0, inFlight: 0 }));

describe('a task', () => {
  it('ends with images that are what the row says, without the prompt in the file', async () => {
    const task = await clientOf(stackOf()).run({
      txt2img: { ...SMALL, prompt: 'a secret garden', seed: 7, batchSize: 2 },
    });
    expect(task).toMatchObject({
      status: 'SUCCEEDED',
      attempt: 1,
      failures: 0,
      progress: null,
      error: null,
      images: [
        { seed: 7, width: 64, height: 64, contentType: 'image/png' },
        { seed: 8, width: 64, height: 64, contentType: 'image/png' },
      ],
    });
    const bytes = await download(task);
    const [image] = task.images ?? [];
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(image?.sha256);
    expect(bytes.length).toBe(image?.bytes);
    expect(readParameters(bytes)).toBeUndefined();
    expect(image?.infotext).toContain('a secret garden');
    await queueIsEmpty();
  });

  it('keeps the prompt in the file where that was asked for', async () => {
    const task = await clientOf(stackOf()).run({
      txt2img: { ...SMALL, prompt: 'a public garden' },
      embedMetadata: true,
    });
    expect(readParameters(await download(task))).toContain('a public garden');
  });

  it('is pushed every state and growing progress, versions only ever rising', async () => {
    const updates: Task[] = [];
    const input = { txt2img: { prompt: 'slow', width: 64, height: 64, steps: 120, seed: 1 } };
    await clientOf(stackOf()).run(input, { onUpdate: (task) => updates.push(task) });
    const versions = updates.map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].sort((left, right) => left - right));
    expect(updates.map(({ status }) => status)).toContain('RUNNING');
    expect(updates.at(-1)?.status).toBe('SUCCEEDED');
    const steps = updates.flatMap(({ progress }) => (progress ? [progress.step] : []));
    expect(steps.length).toBeGreaterThan(1);
    expect(steps).toEqual([...steps].sort((left, right) => left - right));
    const preview = updates.findLast(({ progress }) => progress?.previewUrl)?.progress?.previewUrl;
    expect((await fetch(preview ?? '')).headers.get('content-type')).toBe('image/png');
  });

  it('may start from an image too large for the row, and may be upscaled', async () => {
    const client = clientOf(stackOf());
    const first = await client.run({
      txt2img: { prompt: 'a cat', width: 256, height: 256, steps: 1, seed: 3 },
    });
    const data = (await download(first)).toString('base64');
    expect(data.length).toBeGreaterThan(10_000);
    const second = await client.run({
      img2img: { prompt: 'a dog', image: { data }, denoisingStrength: 0.2, steps: 5 },
    });
    expect(second).toMatchObject({ kind: 'IMG2IMG', images: [{ width: 512, height: 512 }] });
    const third = await client.run({ upscale: { image: { data }, scale: 1.5 } });
    expect(third).toMatchObject({ kind: 'UPSCALE', images: [{ width: 384, seed: null, infotext: null }] });
    const { width } = decode(await download(third));
    expect(width).toBe(384);
  });

  it("may be asked for in the WebUI's own words", async () => {
    const payload = JSON.stringify({
      prompt: 'x',
      steps: 1,
      width: 64,
      height: 64,
      seed: 5,
      sampler_name: 'Euler',
    });
    const task = await clientOf(stackOf()).run({ api: '/sdapi/v1/txt2img', payload });
    expect(task.images?.[0]).toMatchObject({ seed: 5 });
    expect(task.images?.[0]?.infotext).toContain('Sampler: Euler,');
  });
});

describe('a task that goes wrong', () => {
  it.each([
    [
      'what the WebUI answers with 422',
      { prompt: '[[fault:422]]' },
      'INVALID_REQUEST',
      /not a valid integer/,
    ],
    ['more than the memory holds', { prompt: '[[fault:oom]]' }, 'OUT_OF_MEMORY', /fewer pixels/],
  ])('fails at once with a reason: %s', async (_name, parameters, code, message) => {
    const running = clientOf(stackOf()).run({ txt2img: { ...SMALL, ...parameters } });
    await expect(running).rejects.toMatchObject({
      code,
      task: { status: 'FAILED', attempt: 1, images: null },
    });
    await expect(running).rejects.toThrow(message);
    await queueIsEmpty();
  });

  it('succeeds in the same attempt where a second try has the memory', async () => {
    const prompt = `[[fault:oom-once]] ${randomUUID()}`;
    const task = await clientOf(stackOf()).run({ txt2img: { ...SMALL, prompt } });
    expect(task).toMatchObject({ status: 'SUCCEEDED', attempt: 1, failures: 0 });
  });

  it('is tried three times where the WebUI is to blame, then fails with what it said', async () => {
    const running = clientOf(stackOf()).run({ txt2img: { ...SMALL, prompt: '[[fault:http-500]]' } });
    await expect(running).rejects.toMatchObject({
      code: 'WEBUI_ERROR',
      message: 'The WebUI answered 500, RuntimeError: something went wrong',
      task: { status: 'FAILED', attempt: 3, failures: 2 },
    });
    await queueIsEmpty();
  });

  it('succeeds after one bad picture was thrown away', async () => {
    const task = await clientOf(stackOf()).run({ txt2img: { ...SMALL, prompt: 'x' } });
    expect(task.status).toBe('SUCCEEDED');
    const bad = clientOf(stackOf()).run({ txt2img: { ...SMALL, prompt: '[[fault:corrupt-png]]' } });
    await expect(bad).rejects.toMatchObject({ code: 'BAD_RESULT', task: { attempt: 3 } });
    const objects = Object.values(await stackOf().inspect.objects()).flat();
    const named = objects.filter((key) => key.startsWith('images/'));
    expect(named.length).toBeGreaterThan(0);
    const s3 = new S3Client({ ...stackOf().client, forcePathStyle: true });
    const Bucket = stackOf().inspect.names.originBucket;
    for (const Key of named)
      expect((await s3.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength).toBeGreaterThan(0);
    s3.destroy();
  });
});

describe('a task that is canceled', () => {
  it('while it runs: by way of CANCELING, the WebUI interrupted, the picture thrown away', async () => {
    const client = clientOf(stackOf());
    const handle = await client.submit({ txt2img: { ...SMALL, steps: 150, prompt: 'long', batchSize: 4 } });
    const seen: string[] = [];
    for await (const { status, progress } of handle.updates()) {
      seen.push(status);
      if (progress && !seen.includes('CANCELING')) await handle.cancel();
    }
    const states = seen.filter((status, index) => status !== seen[index - 1] && status !== 'QUEUED');
    expect(states).toEqual(['RUNNING', 'CANCELING', 'CANCELED']);
    expect(handle.latest()).toMatchObject({ images: null, error: null });
    // The WebUI is free again: the next one is not behind a job that nobody wants.
    expect((await client.run({ txt2img: { ...SMALL, prompt: 'next' } })).status).toBe('SUCCEEDED');
  });

  it('by aborting the run that waits for it', async () => {
    const aborting = new AbortController();
    let id = '';
    const running = clientOf(stackOf()).run(
      { txt2img: { ...SMALL, steps: 150, prompt: 'long' } },
      {
        signal: aborting.signal,
        onUpdate: (task) => {
          id = task.id;
          if (task.status === 'RUNNING') aborting.abort(new Error('enough'));
        },
      },
    );
    await expect(running).rejects.toThrow('enough');
    await expect(clientOf(stackOf()).task(id).result()).rejects.toMatchObject({ code: 'CANCELED' });
  });

  it('returns a task that has ended as it is', async () => {
    const client = clientOf(stackOf());
    const task = await client.run({ txt2img: { ...SMALL, prompt: 'x' } });
    expect(await client.cancel(task.id)).toEqual(task);
  });
});

describe('a message', () => {
  it('that is malformed is recorded and acknowledged, and the next is served', async () => {
    const { client, inspect } = stackOf();
    const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
    for (const MessageBody of ['not json', '{"v": 2}', JSON.stringify({ v: 1, taskId: 'x', dispatch: 1 })]) {
      await sqs.send(new SendMessageCommand({ QueueUrl: inspect.names.queueUrl, MessageBody }));
    }
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: inspect.names.queueUrl,
        MessageBody: JSON.stringify({ v: 1, taskId: randomUUID(), dispatch: 1 }),
      }),
    );
    sqs.destroy();
    await clientOf(stackOf()).run({ txt2img: { ...SMALL, prompt: 'after the nonsense' } });
    expect(log.filter((line) => line.includes('malformed message'))).toHaveLength(3);
    await queueIsEmpty();
  });
});

describe('what the processes print', () => {
  it('holds no prompt and no credentials', () => {
    const text = log.join('\n');
    expect(text).toContain('attempt ended');
    expect(text).not.toMatch(/secret garden|a public garden|AWS_SECRET|da2-/);
  });
});
