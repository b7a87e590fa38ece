import cliProgress from 'cli-progress';
import type { Task } from '../index.ts';
import type { Terminal } from './terminal.ts';

export interface ProgressView {
  readonly show: (task: Task) => void;
  /** Leaves the bar as it stands. What is written afterwards begins on a line of its own, and what is shown is a line too. */
  readonly stop: () => void;
}

/** `12/20 steps, 3.1 s left` */
export const toDetail = ({ progress, status }: Pick<Task, 'progress' | 'status'>): string => {
  if (!progress) return '';
  const { step, steps, etaSeconds } = progress;
  if (status === 'SUCCEEDED') return `${steps}/${steps} steps`;
  const left = status === 'RUNNING' && etaSeconds !== null ? `, ${etaSeconds.toFixed(1)} s left` : '';
  return `${step}/${steps} steps${left}`;
};

/** A bar on a terminal; elsewhere a line whenever there is something new to say. */
export const createProgressView = (
  { isInteractive, say }: Pick<Terminal, 'isInteractive' | 'say'>,
  stream: NodeJS.WritableStream = process.stderr,
): ProgressView => (isInteractive ? createBar(createLines(say), stream) : createLines(say));

const createLines = (say: (line: string) => void): ProgressView => {
  let last = '';
  return {
    show: (task) => {
      const line = `${task.status.padEnd(9)} ${toDetail(task)}`.trimEnd();
      if (line !== last) say(line);
      last = line;
    },
    stop: () => undefined,
  };
};

const createBar = (lines: ProgressView, stream: NodeJS.WritableStream): ProgressView => {
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
      const payload = { status: task.status.padEnd(9), detail: toDetail(task) };
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
