import { describe, expect, it } from 'vitest';
import type { UpdateTaskInput } from '../contract/schema.generated.ts';
import type { Ledger } from '../ledger/update-task.ts';
import type { Attempt } from './attempt.ts';
import { createSystemClock, type Clock } from './clock.ts';
import { startHeartbeat } from './heartbeat.ts';
import type { Logger } from './logger.ts';
import type { ObjectStore } from './object-store.ts';

const quiet: Logger = {
  ...{ debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  child: () => quiet,
};

/** A thousand times as fast. */
const createFastClock = (): Clock => {
  const { now, delay } = createSystemClock();
  return { now: () => now() * 1000, delay: (ms, signal) => delay(ms / 1000, signal) };
};

const attempt = {
  ...{ task: { id: 't', attempt: 1 }, leaseToken: 'lease', nonce: '00' },
  message: { hide: () => Promise.resolve() },
} as unknown as Attempt;

const start = (putImage: ObjectStore['putImage']) => {
  const beats: UpdateTaskInput[] = [];
  const beaten = Promise.withResolvers<void>();
  const ledger: Ledger = {
    tell: (input) => {
      beats.push(input);
      if (beats.length === 3) beaten.resolve();
      return Promise.resolve({ accepted: true, task: { status: 'RUNNING' } as never });
    },
  };
  let step = 0;
  const heartbeat = startHeartbeat({
    ...{ attempt, ledger, clock: createFastClock(), logger: quiet },
    objects: {
      putImage,
      getRequest: () => Promise.reject(new Error('not asked for')),
      getUpload: () => Promise.reject(new Error('not asked for')),
    },
    progress: () => {
      step += 10;
      return Promise.resolve({ fraction: 0.5, step, steps: 100, preview: Buffer.from('png') });
    },
  });
  return { heartbeat, beats, beaten: beaten.promise };
};

describe('the heartbeat', () => {
  it('tells the preview that it has stored', async () => {
    const { heartbeat, beats, beaten } = start(() => Promise.resolve('sha256'));
    await beaten;
    await heartbeat.stop();
    expect(beats[0]?.progress).toMatchObject({ step: 10, previewKey: 'previews/00/10.png' });
  });

  // One PutObject without an answer ended all beats, and the lease with them.
  it.each<[string, ObjectStore['putImage']]>([
    ['is refused', () => Promise.reject(new Error('S3 is away'))],
    ['is never answered', () => new Promise(() => undefined)],
  ])('goes on when the storing of a preview %s', async (_name, putImage) => {
    const { heartbeat, beats, beaten } = start(putImage);
    await beaten;
    await heartbeat.stop();
    expect(beats[0]?.progress).toMatchObject({ step: 10, previewKey: null });
  });
});
