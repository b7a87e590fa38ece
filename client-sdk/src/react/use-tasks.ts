import { useCallback, useEffect, useMemo, useState } from 'react';
import type { TaskStatus } from '../operations.generated.ts';
import type { Task } from '../task.ts';
import { useClient } from './provider.ts';
import { follow } from './use-task.ts';

export interface UseTasksOptions {
  /** Only tasks that were in this state when they were listed. */
  readonly status?: TaskStatus | undefined;
  /** The newest so many; 20 unless told. */
  readonly limit?: number | undefined;
}

export interface Tasks {
  /** Newest first. Those that have not ended are kept up to date. */
  readonly tasks: readonly Task[];
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  /** Lists them anew: tasks that others have submitted appear with it. */
  readonly refresh: () => void;
}

interface Listing {
  readonly tasks: readonly Task[];
  readonly error?: Error;
}

/** The caller's tasks. */
export const useTasks = ({ status, limit = 20 }: UseTasksOptions = {}): Tasks => {
  const client = useClient();
  const [listing, setListing] = useState<Listing>();
  const [isLoading, setIsLoading] = useState(true);
  const [round, setRound] = useState(0);

  useEffect(() => {
    let isCurrent = true;
    const list = async (): Promise<Listing> => {
      const tasks: Task[] = [];
      try {
        for await (const task of client.tasks({ status, limit })) tasks.push(task);
        return { tasks };
      } catch (error) {
        return { tasks, error: error as Error };
      }
    };
    setIsLoading(true);
    void list().then((listed) => {
      if (!isCurrent) return;
      setListing(listed);
      setIsLoading(false);
    });
    return () => {
      isCurrent = false;
    };
  }, [client, status, limit, round]);

  const liveIds = (listing?.tasks ?? []).flatMap(({ id, isTerminal }) => (isTerminal ? [] : id)).join();
  useEffect(() => {
    const watching = new AbortController();
    const newest = (task: Task) => (old: Task) =>
      old.id === task.id && old.version < task.version ? task : old;
    const onTask = (task: Task): void =>
      setListing((now) => now && { ...now, tasks: now.tasks.map(newest(task)) });
    for (const id of liveIds.split(',').filter(Boolean))
      void follow(client, id, watching.signal, { onTask, onError: () => undefined });
    return () => watching.abort();
  }, [client, liveIds]);

  const refresh = useCallback(() => setRound((before) => before + 1), []);
  const { tasks, error } = listing ?? { tasks: NONE };
  return useMemo(() => ({ tasks, error, isLoading, refresh }), [tasks, error, isLoading, refresh]);
};

const NONE: readonly Task[] = [];
