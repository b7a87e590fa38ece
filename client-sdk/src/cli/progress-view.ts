import cliProgress from 'cli-progress';
import type { Task } from '../index.ts';
import { toSpan } from './span.ts';
import type { Terminal } from './terminal.ts';

export interface ProgressView {
  readonly show: (task: Task) => void;
  /** Leaves the bar as it stands. What is written afterwards begins on a line of its own, and what is shown is a line too. */
  readonly stop: () => void;
}

/** `12/20 steps, 3.1 s left`, or `place 12, starts in 40 s` while it waits. */
export const toDetail = (
  { progress, status, estimate }: Pick<Task, 'progress' | 'status' | 'estimate'>,
  now: number,
): string => {
  if (status === 'QUEUED' && estimate) return toPlace(estimate, now);
  if (!progress) return '';
  const { step, steps, etaSeconds } = progress;
  if (status === 'SUCCEEDED') return `${steps}/${steps} steps`;
  const left = status === 'RUNNING' && etaSeconds !== null ? `, ${etaSeconds.toFixed(1)} s left` : '';
  return `${step}/${steps} steps${left}`;
};

const toPlace = ({ queuePosition, startsAt }: NonNullable<Task['estimate']>, now: number): string => {
  if (startsAt === null) return `place ${queuePosition}, nobody will come as things are`;
  const seconds = (Date.parse(startsAt) - now) / 1000;
  return `place ${queuePosition}, ${seconds < 1 ? 'starts any moment' : `starts in ${toSpan(seconds)}`}`;
};

/** A bar on a terminal; elsewhere a line whenever there is something new to say. */
export const createProgressView = (
  { isInteractive, say }: Pick<Terminal, 'isInteractive' | 'say'>,
  now: () => number,
  stream: NodeJS.WritableStream = process.stderr,
): ProgressView => {
  const lines = createLines(say, now);
  return isInteractive ? createBar(lines, now, stream) : lines;
};

const createLines = (say: (line: string) => void, now: () => number): ProgressView => {
  let last = '';
  let lastNews = '';
  return {
    show: (task) => {
      const line = `${task.status.padEnd(9)} ${toDetail(task, now())}`.trimEnd();
      const { status, estimate } = task;
      // That time goes by is no news.
      const news = estimate ? [status, estimate.queuePosition, estimate.startsAt].join(' ') : line;
      if (line !== last && news !== lastNews) say(line);
      [last, lastNews] = [line, news];
    },
    stop: () => undefined,
  };
};

const createBar = (lines: ProgressView, now: () => number, stream: NodeJS.WritableStream): ProgressView => {
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{status} [{bar}] {detail}',
    barsize: 32,
    hideCursor: true,
    // It would write the cursor's return over the answer to Ctrl-C.
    gracefulExit: false,
  });
  let isStarted = false;
  let isStopped = false;
  return {
    show: (task) => {
      // A bar begun anew would hide the cursor from a shell to which a second Ctrl-C returns at once.
      if (isStopped) return lines.show(task);
      const fraction = task.status === 'SUCCEEDED' ? 1 : (task.progress?.fraction ?? 0);
      const payload = { status: task.status.padEnd(9), detail: toDetail(task, now()) };
      if (!isStarted) bar.start(1, fraction, payload);
      else bar.update(fraction, payload);
      isStarted = true;
    },
    stop: () => {
      if (isStarted) bar.stop();
      isStarted = false;
      isStopped = true;
    },
  };
};
