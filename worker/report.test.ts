import { describe, expect, it } from 'vitest';
import type { ReportWorkerInput } from '../contract/schema.generated.ts';
import type { Catalogue } from '../contract/worker.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { startReports } from './report.ts';

const quiet: Logger = {
  ...{ debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  child: () => quiet,
};

/** A clock that runs only when it is told to. */
const createManualClock = () => {
  let now = 0;
  const waiting = new Set<{ readonly at: number; readonly wake: () => void }>();
  const clock: Clock = {
    now: () => now,
    delay: (ms, signal) =>
      new Promise((resolve, reject) => {
        const entry = { at: now + ms, wake: resolve };
        waiting.add(entry);
        signal?.addEventListener('abort', () => {
          waiting.delete(entry);
          reject(signal.reason as Error);
        });
      }),
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const pass = async (ms: number): Promise<void> => {
    const until = now + ms;
    for (;;) {
      await settle();
      const [next] = [...waiting].filter(({ at }) => at <= until).sort((left, right) => left.at - right.at);
      if (!next) break;
      waiting.delete(next);
      now = next.at;
      next.wake();
    }
    now = until;
  };
  return { clock, pass };
};

const CATALOGUE: Catalogue = {
  ...{ checkpoints: ['m'], vaes: [], loras: [], upscalers: [], samplers: [], schedulers: [] },
};

const start = () => {
  const { clock, pass } = createManualClock();
  const sent: ReportWorkerInput[] = [];
  const world = { fails: false };
  const reports = startReports({
    who: () => ({ id: 'i-1', pool: 'default', instanceType: 'g5.xlarge', bootSeconds: 90 }),
    send: async (input) => {
      if (world.fails) throw new Error('AppSync is away');
      sent.push(input);
    },
    state: () => ({ state: 'READY', reason: undefined }),
    megapixelStepsPerSecond: () => 5,
    catalogue: () => CATALOGUE,
    clock,
    logger: quiet,
  });
  return { reports, sent, pass, world };
};

describe('startReports', () => {
  it('tells once a minute, and the catalogue only when it is new', async () => {
    const { sent, pass } = start();
    await pass(200_000);
    expect(sent.map(({ state, catalogue }) => [state, catalogue !== null])).toEqual([
      ['READY', true],
      ['READY', false],
      ['READY', false],
    ]);
  });

  it('tells soon when it is poked, however often', async () => {
    const { reports, sent, pass } = start();
    reports.poke();
    await pass(500);
    reports.poke();
    await pass(2500);
    expect(sent.length).toBeLessThanOrEqual(2);
    expect(sent.length).toBeGreaterThan(0);
  });

  it('tells the catalogue again when it was not heard of for so long that it has been forgotten', async () => {
    const { sent, pass, world } = start();
    await pass(70_000);
    world.fails = true;
    await pass(300_000);
    world.fails = false;
    await pass(70_000);
    expect(sent.map(({ catalogue }) => catalogue !== null)).toEqual([true, true]);
  });

  it('tells the last state before it stops', async () => {
    const { reports, sent } = start();
    await reports.stop();
    expect(sent).toHaveLength(1);
  });
});
