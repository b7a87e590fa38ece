import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from './instance.ts';

export interface AutoScalingGroupOptions {
  readonly name: string;
  readonly desiredCapacity: number;
  readonly launch: (instanceId: string) => Promise<Instance>;
  readonly log: (line: string) => void;
  /** Pause before a lost instance is replaced, so that one that can't start does not spin; 1 s unless told. */
  readonly replaceDelayMs?: number;
}

export interface AutoScalingGroup {
  readonly name: string;
  readonly instances: () => readonly Instance[];
  readonly stop: () => Promise<void>;
}

/** Keeps the desired number of instances: one whose worker ended is replaced. */
export const startAutoScalingGroup = async (options: AutoScalingGroupOptions): Promise<AutoScalingGroup> => {
  const { name, desiredCapacity, launch, log, replaceDelayMs = 1000 } = options;
  const running = new Set<Instance>();
  const stopping = new AbortController();
  const watches = new Set<Promise<void>>();

  const add = async (): Promise<void> => {
    const instance = await launch(`i-${randomBytes(9).toString('hex').slice(0, 17)}`);
    if (stopping.signal.aborted) return instance.stop();
    running.add(instance);
    const watch = replaceWhenGone(instance).finally(() => watches.delete(watch));
    watches.add(watch);
  };

  const replaceWhenGone = async (instance: Instance): Promise<void> => {
    const { code, signal } = await instance.worker.exited;
    if (stopping.signal.aborted) return;
    running.delete(instance);
    log(`${instance.instanceId} ended (${signal ?? `exit code ${code}`}), launching another`);
    await instance.stop();
    await delay(replaceDelayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    if (!stopping.signal.aborted)
      await add().catch((error: unknown) => log(`launch failed: ${String(error)}`));
  };

  await Promise.all(Array.from({ length: desiredCapacity }, add));
  return {
    name,
    instances: () => [...running],
    stop: async () => {
      stopping.abort();
      await Promise.all([...running].map((instance) => instance.stop()));
      await Promise.all(watches);
    },
  };
};
