import { BUSY_WINDOW_SECONDS, type LeaveInputs } from './should-leave.ts';

/** A stretch of time in which the GPU had one task, in seconds of any clock; `to` is infinite while it still has it. */
export interface BusySpan {
  readonly from: number;
  readonly to: number;
}

/** Whether the window before that instant still sees anything of it. */
export const isRecent = ({ to }: BusySpan, now: number): boolean => to > now - BUSY_WINDOW_SECONDS;

/** What a worker knows of its last `BUSY_WINDOW_SECONDS`, from the tasks that it had and from when it was ready. */
export const recentOf = (
  spans: readonly BusySpan[],
  readyAt: number,
  now: number,
): Pick<LeaveInputs, 'busyShare' | 'recentTasks'> => {
  const from = now - BUSY_WINDOW_SECONDS;
  const recent = spans.filter((span) => isRecent(span, now));
  const seconds = recent.reduce((sum, span) => sum + Math.min(span.to, now) - Math.max(span.from, from), 0);
  return {
    recentTasks: recent.length,
    ...(readyAt <= from && { busyShare: seconds / BUSY_WINDOW_SECONDS }),
  };
};
