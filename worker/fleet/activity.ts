import type { Clock } from '../clock.ts';
import type { WorkerNews } from '../observe.ts';
import { isRecent, recentOf, type BusySpan } from './recent.ts';
import type { LeaveInputs } from './should-leave.ts';

/** What a worker knows of itself when it thinks of leaving. */
export interface Activity {
  readonly observe: (news: WorkerNews) => void;
  /** Undefined: it works, is not ready, or goes already. */
  readonly idle: () => Pick<LeaveInputs, 'idleSeconds' | 'busyShare' | 'recentTasks'> | undefined;
}

export const createActivity = (clock: Pick<Clock, 'now'>): Activity => {
  const seconds = (): number => clock.now() / 1000;
  let spans: readonly BusySpan[] = [];
  let readyAt: number | undefined;
  let idleSince: number | undefined;

  const end = (now: number): void => {
    spans = spans.map((span) => (span.to === Infinity ? { ...span, to: now } : span));
  };

  return {
    observe: ({ kind }) => {
      const now = seconds();
      switch (kind) {
        case 'worker:ready':
          readyAt ??= now;
          idleSince = now;
          return;
        case 'job:started':
          end(now);
          spans = [...spans.filter((span) => isRecent(span, now)), { from: now, to: Infinity }];
          idleSince = undefined;
          return;
        case 'job:ended':
          end(now);
          idleSince = now;
          return;
        case 'webui:restarted':
        case 'worker:unhealthy':
        case 'worker:draining':
          end(now);
          idleSince = undefined;
          return;
        case 'attempt:ended':
        case 'attempt:lost':
          return;
      }
    },
    idle: () => {
      if (idleSince === undefined || readyAt === undefined) return undefined;
      const now = seconds();
      return { idleSeconds: now - idleSince, ...recentOf(spans, readyAt, now) };
    },
  };
};
