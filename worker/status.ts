import type { WorkerState } from '../contract/worker.ts';
import type { HealthReport, HealthStatus } from './health.ts';
import type { Observe, WorkerNews } from './observe.ts';

export interface Status {
  readonly state: () => WorkerState;
  readonly reason: () => string | undefined;
  readonly health: () => HealthReport;
}

export interface StatusOptions {
  readonly workerId: string;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly onChange: (state: WorkerState, before: WorkerState) => void;
}

const HEALTH: Readonly<Record<WorkerState, HealthStatus>> = {
  STARTING: 'starting',
  READY: 'ready',
  BUSY: 'busy',
  DRAINING: 'draining',
  UNHEALTHY: 'unhealthy',
};

/** What the worker's news amount to: one state, and why. A worker that drains does so to its end. */
export const createStatus = (options: StatusOptions): Status & { readonly observe: Observe } => {
  const { workerId, wallClock, onChange } = options;
  let state: WorkerState = 'STARTING';
  let reason: string | undefined = 'The WebUI has not made a picture yet';
  let taskId: string | undefined;
  let since = wallClock();

  const become = (next: WorkerState, why?: string): void => {
    if (state === 'DRAINING') return;
    const before = state;
    state = next;
    reason = why;
    if (next === before) return;
    since = wallClock();
    onChange(next, before);
  };

  const observe = (news: WorkerNews): void => {
    switch (news.kind) {
      case 'worker:ready':
        return become('READY');
      case 'worker:unhealthy':
        return become('UNHEALTHY', news.reason);
      case 'worker:draining':
        return become('DRAINING', news.reason);
      case 'webui:restarted':
        return become(state === 'UNHEALTHY' ? state : 'STARTING', `The WebUI was restarted: ${news.reason}`);
      case 'job:started':
        taskId = news.taskId;
        return become('BUSY');
      case 'job:ended':
        taskId = undefined;
        return become('READY');
      case 'attempt:ended':
      case 'attempt:lost':
        return;
    }
  };

  return {
    observe,
    state: () => state,
    reason: () => reason,
    health: () => ({
      status: HEALTH[state],
      reasons: reason === undefined ? [] : [reason],
      workerId,
      ...(taskId !== undefined && { taskId }),
      since: new Date(since).toISOString(),
    }),
  };
};
