import type { Clock } from '../../worker/clock.ts';
import { chance } from './random.ts';
import type { CallFault, Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';

/*
 * Processes that can die at any await, and calls between them that can be lost, repeated, late. A dead process is one whose
 * promises never settle: whatever it had begun stays as it was.
 */

export interface SimulatedProcess {
  readonly name: string;
  readonly isAlive: () => boolean;
  readonly kill: () => void;
  readonly onDeath: (run: () => void) => void;
  /** Its own time: it may run slow or fast, and began somewhere else. */
  readonly clock: Clock;
}

/** A 5xx, a broken connection, a timeout: the caller can't know what became of the call. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
}

export type Service = 'appsync' | 'dynamodb' | 'sqs' | 's3' | 'webui';

export interface Network {
  readonly startProcess: (
    name: string,
    skew?: { readonly clockOffsetMs: number; readonly clockRate: number },
  ) => SimulatedProcess;
  /**
   * `effect` is what the service does, in one instant; it may be done twice. Throws what it throws, or `ServiceError`. Never
   * settles when the caller dies.
   */
  readonly call: <T>(
    from: SimulatedProcess,
    service: Service,
    operation: string,
    effect: () => T | Promise<T>,
  ) => Promise<T>;
  readonly isAway: (service: Service) => boolean;
  /** Faults that hit a call, by kind. */
  readonly injected: Readonly<Record<string, number>>;
  readonly count: (kind: string) => void;
  /** No more faults from here on. */
  readonly calm: () => void;
  readonly calls: () => number;
}

export type Note = (who: string, what: string) => void;

const OUTAGE_MS = 60_000;
const SLOW_MS = 10_000;

export const createNetwork = (scheduler: Scheduler, scenario: Scenario, note: Note): Network => {
  const faults = new Map(scenario.callFaults.map(({ call, kind }) => [call, kind]));
  const awayUntil: Partial<Record<Service, number>> = {};
  const injected: Record<string, number> = {};
  let calls = 0;
  let isCalm = false;

  const count = (kind: string): void => {
    injected[kind] = (injected[kind] ?? 0) + 1;
  };
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => void scheduler.after(ms, resolve));
  const isAway = (service: Service): boolean => (awayUntil[service] ?? 0) > scheduler.now();

  const startProcess: Network['startProcess'] = (name, skew) => {
    const { clockOffsetMs = 0, clockRate = 1 } = skew ?? {};
    let alive = true;
    const mourners: (() => void)[] = [];
    return {
      name,
      isAlive: () => alive,
      kill: () => {
        if (!alive) return;
        alive = false;
        for (const run of mourners) run();
      },
      onDeath: (run) => void mourners.push(run),
      clock: {
        now: () => clockOffsetMs + scheduler.now() * clockRate,
        delay: (ms, signal) =>
          new Promise((resolve, reject) => {
            if (signal?.aborted) return reject(signal.reason as Error);
            const onAbort = (): void => {
              cancel();
              if (alive) reject(signal?.reason as Error);
            };
            const cancel = scheduler.after(ms / clockRate, () => {
              signal?.removeEventListener('abort', onAbort);
              if (alive) resolve();
            });
            signal?.addEventListener('abort', onAbort, { once: true });
          }),
      },
    };
  };

  const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

  const faultOf = (service: Service): CallFault | undefined => {
    const fault = isCalm ? undefined : faults.get(calls);
    // A WebUI is no service of AWS: it has faults of its own.
    return service === 'webui' && fault !== 'crash-before' && fault !== 'crash-after' ? undefined : fault;
  };

  const call: Network['call'] = async (from, service, operation, effect) => {
    if (!from.isAlive()) return never();
    calls += 1;
    const index = calls;
    const fault = faultOf(service);
    if (fault) {
      count(fault);
      note(from.name, `${service} ${operation}: ${fault}`);
    }
    if (fault === 'outage') awayUntil[service] = scheduler.now() + OUTAGE_MS;
    if (fault === 'crash-before') {
      from.kill();
      return never();
    }
    // Mostly some milliseconds, now and then a second.
    const draw = chance(scenario.seed, index);
    const latencyMs = 2 + (draw > 0.97 ? 1500 : 60) * draw;
    await sleep(latencyMs);
    if (fault === 'error' || isAway(service)) {
      await sleep(latencyMs);
      if (!from.isAlive()) return never();
      throw new ServiceError(`${service} answered 503`);
    }
    // What has left is carried out, whatever became of who sent it.
    let result = await effect();
    // A poll that is repeated is another poll; the queue delivers twice by itself.
    if (fault === 'twice' && operation !== 'receive') result = await effect();
    if (fault === 'crash-after') from.kill();
    await sleep(fault === 'slow' || fault === 'unheard' ? SLOW_MS : latencyMs);
    if (!from.isAlive()) return never();
    if (fault === 'unheard') throw new ServiceError(`${service} did not answer`);
    return result;
  };

  return {
    startProcess,
    call,
    isAway,
    injected,
    count,
    calm: () => {
      isCalm = true;
    },
    calls: () => calls,
  };
};
