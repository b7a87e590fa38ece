import type { Instance } from './instance.ts';

/** An instance without processes, for tests of the group. */
export interface FakeInstance extends Instance {
  readonly crash: () => void;
  /** What its metadata has said, in order. */
  readonly told: string[];
  isStopped: boolean;
}

export const createFakeInstance = (instanceId: string): FakeInstance => {
  const exited = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>();
  const told: string[] = [];
  const instance: FakeInstance = {
    instanceId,
    webuiUrl: 'http://127.0.0.1:1',
    healthUrl: () => undefined,
    killWebui: () => undefined,
    pids: () => [],
    metadata: {
      url: '',
      setTargetLifecycleState: (state) => void told.push(state),
      noticeSpot: () => void told.push('spot'),
      noticeRebalance: () => void told.push('rebalance'),
      stop: () => Promise.resolve(),
    },
    worker: {
      pid: 1,
      exited: exited.promise,
      waitForLine: () => Promise.reject(new Error('It prints nothing')),
      kill: () => undefined,
      stop: () => Promise.resolve(),
    },
    stop: async () => {
      instance.isStopped = true;
      exited.resolve({ code: 0, signal: null });
    },
    crash: () => exited.resolve({ code: null, signal: 'SIGKILL' }),
    told,
    isStopped: false,
  };
  return instance;
};
