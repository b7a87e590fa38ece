import { createDownloadImage } from '../download.ts';
import type { Task, TaskHandle } from '../index.ts';
import type { Timers } from '../timers.ts';
import { EXIT, toFailure, toLine } from './exit-codes.ts';
import { createPlaceWatch } from './place-watch.ts';
import { createProgressView } from './progress-view.ts';
import { toResult } from './format.ts';
import { saveImages } from './save-images.ts';
import type { Terminal } from './terminal.ts';

export interface FollowOptions {
  readonly terminal: Terminal;
  readonly folder: string;
  readonly isJson: boolean;
  /** What Ctrl-C does: ends the task, or the watching only. */
  readonly onInterrupt: 'cancel' | 'leave';
  readonly timers: Timers;
}

export const CANCELING = 'canceling; once more to leave at once';

export const toNotCanceled = (id: string, error: unknown): string =>
  `Task ${id} was not canceled: ${toLine(toFailure(error))}`;

/** Shows a task up to its end and saves its images. Resolves with the exit code. */
export const follow = async (handle: TaskHandle, options: FollowOptions): Promise<number> => {
  const { terminal, isJson, timers } = options;
  const view = createProgressView(terminal, timers.now);
  const place = createPlaceWatch({ ask: handle.status, onTask: view.show, timers });
  const leaving = new AbortController();
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    view.stop();
    place.stop();
    if (options.onInterrupt === 'leave') return leaving.abort();
    terminal.say(CANCELING);
    handle.cancel().catch((error: unknown) => {
      terminal.say(toNotCanceled(handle.id, error));
      leaving.abort();
    });
  };
  const stopListening = terminal.onInterrupt(interrupt);
  try {
    for await (const task of handle.updates({ signal: leaving.signal })) {
      view.show(task);
      place.see(task);
      if (!task.isTerminal) continue;
      view.stop();
      const code = await report(task, handle, options);
      return isInterrupted ? EXIT.interrupted : code;
    }
    throw new Error('A watch ends with a terminal task');
  } catch (error) {
    view.stop();
    if (!leaving.signal.aborted) throw error;
    if (options.onInterrupt === 'leave') terminal.say(`Task ${handle.id} goes on.`);
    if (isJson) terminal.out(JSON.stringify({ id: handle.id, status: handle.latest()?.status ?? null }));
    return EXIT.interrupted;
  } finally {
    place.stop();
    stopListening();
  }
};

const report = async (task: Task, handle: TaskHandle, options: FollowOptions): Promise<number> => {
  const { terminal, isJson } = options;
  const isDone = task.status === 'SUCCEEDED';
  const saved = isDone ? await save(task, handle, options) : [];
  if (isJson) terminal.out(JSON.stringify({ ...toResult(task), images: saved }));
  else for (const { file } of saved) terminal.out(file);
  if (isDone) return EXIT.done;
  terminal.say(toEnd(task));
  return EXIT.failed;
};

const save = async ({ id, images }: Task, { status }: TaskHandle, { terminal, folder }: FollowOptions) => {
  try {
    return await saveImages(images ?? [], { folder, taskId: id, downloadImage: createDownloadImage(status) });
  } catch (error) {
    terminal.say(`The images were made and stored; sd-async watch ${id} --out DIR saves them again.`);
    throw error;
  }
};

const toEnd = ({ id, status, error }: Task): string => {
  const hint = error?.retryable ? ` Another try may end well: sd-async retry ${id}` : '';
  return error ? `${error.code}: ${error.message}${hint}` : `Task ${id} ended as ${status}.`;
};
