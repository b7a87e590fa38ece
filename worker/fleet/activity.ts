import type { Clock } from '../clock.ts';
import type { WorkerNews } from '../observe.ts';
import { isRecent, recentOf, type BusySpan } from './recent.ts';
import type { LeaveInputs } from './should-leave.ts';

/** What a worker knows of itself when it thinks of leaving. */
export interface Activity {
  readonly observe: (news: WorkerNews) => void;
  /** Undefined: it works, is not ready, goes already, or has just given back what somebody must take again. */
  readonly idle: () => Pick<LeaveInputs, 'idleSeconds' | 'busyShare' | 'recentTasks'> | undefined;
}

/** What it gave back itself waits for a worker again: by then a pass has seen that. */
const COMES_BACK_SECONDS = 90;

export const createActivity = (clock: Pick<Clock, 'now'>): Activity => {
  const seconds = (): number => clock.now() / 1000;
  let spans: readonly BusySpan[] = [];
  let readyAt: number | undefined;
  let idleSince: number | undefined;
  let comesBackBy = -Infinity;

  const end = (now: number): void => {
    spans = spans.map((span) => (span.to === Infinity ? { ...span, to: now } : span));
  };

  return {
    observe: (news) => {
      const now = seconds();
      switch (news.kind) {
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
          if (news.event === 'retry' || news.event === 'release') comesBackBy = now + COMES_BACK_SECONDS;
          return;
        case 'attempt:lost':
          return;
      }
    },
    idle: () => {
      const now = seconds();
      if (idleSince === undefined || readyAt === undefined || now < comesBackBy) return undefined;
      return { idleSeconds: now - idleSince, ...recentOf(spans, readyAt, now) };
    },
  };
};
