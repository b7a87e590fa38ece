import { useEffect, useState } from 'react';
import type { Client } from '../client.ts';
import { toTaskError } from '../errors.ts';
import { isFinished, type Image, type Task } from '../task.ts';
import { useClient } from './provider.ts';

export interface TaskState {
  /** The newest snapshot; undefined until there is one. */
  readonly task: Task | undefined;
  /** Why it ended without images (`TaskError`), or why nothing can be learned of it (`ApiError`). */
  readonly error: Error | undefined;
  /** Once it has SUCCEEDED. */
  readonly images: readonly Image[] | undefined;
  /** Neither ended nor given up, as far as is known. */
  readonly isLive: boolean;
}

const NOTHING: TaskState = { task: undefined, error: undefined, images: undefined, isLive: false };
const WAITING: TaskState = { ...NOTHING, isLive: true };

/** Tells every snapshot until the task has ended, the signal is aborted or nothing more can be learned. */
export const follow = async (
  client: Client,
  id: string,
  signal: AbortSignal,
  listener: { readonly onTask: (task: Task) => void; readonly onError: (error: Error) => void },
): Promise<void> => {
  try {
    for await (const task of client.task(id).updates({ signal })) listener.onTask(task);
  } catch (error) {
    if (!signal.aborted) listener.onError(error as Error);
  }
};

export const toState = (task: Task): TaskState => {
  if (!task.isTerminal) return { ...WAITING, task };
  if (isFinished(task)) return { ...NOTHING, task, images: task.images };
  return { ...NOTHING, task, error: task.status === 'SUCCEEDED' ? undefined : toTaskError(task) };
};

/**
 * One task, watched while the component is mounted: by its id alone, so a component that was mounted anew, or a page that was
 * loaded anew, goes on where the other was. Without an id it waits for one. Any number of components may watch one task.
 *
 * While it is QUEUED nothing is told unless something happens, and `task.estimate` is as old as its snapshot. A component that shows
 * the place in the queue asks for it, with `useClient().get(id)` every ten seconds or so.
 */
export const useTask = (id: string | null | undefined): TaskState => {
  const client = useClient();
  const [known, setKnown] = useState<{ readonly id: string; readonly state: TaskState }>();

  useEffect(() => {
    if (!id) return undefined;
    const watching = new AbortController();
    const tell = (state: TaskState): void => setKnown({ id, state });
    void follow(client, id, watching.signal, {
      onTask: (task) => tell(toState(task)),
      // The last snapshot is still the last that was known.
      onError: (error) =>
        setKnown((before) => {
          const task = before?.id === id ? before.state.task : undefined;
          return { id, state: { ...NOTHING, task, error } };
        }),
    });
    return () => watching.abort();
  }, [client, id]);

  if (!id) return NOTHING;
  // Of another id: it is not this task's.
  return known?.id === id ? known.state : WAITING;
};
