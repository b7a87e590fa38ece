import type { Client } from '../../client-sdk/src/index.ts';
import type { History } from './history.ts';
import { liveThrough, type Life } from './users.ts';
import type { ChaosTask } from './workload.ts';

export interface CrowdOptions {
  readonly tasks: readonly ChaosTask[];
  /** How many users are busy at the same time; each takes a new task when the last one has ended. */
  readonly users: number;
  readonly clientOf: (owner: string) => Client;
  readonly history: History;
  readonly onProgress: () => void;
}

export interface Crowd {
  readonly submitted: () => number;
  readonly ended: () => number;
  /** The tasks that somebody has begun with: all of them, unless the run was over before. */
  readonly begun: () => readonly ChaosTask[];
  /** Resolves when nobody waits any more. */
  readonly settled: Promise<readonly Life[]>;
  /** Whoever still waits, does so in vain; nobody begins with another task. */
  readonly giveUp: () => void;
}

export const startCrowd = ({ tasks, users, clientOf, history, onProgress }: CrowdOptions): Crowd => {
  const over = new AbortController();
  const waiting = [...tasks];
  const begun: ChaosTask[] = [];
  const lives: Life[] = [];
  let submitted = 0;

  const live = async (task: ChaosTask): Promise<void> => {
    begun.push(task);
    const onSubmitted = (): void => {
      submitted += 1;
      onProgress();
    };
    const client = clientOf(task.owner);
    lives.push(await liveThrough(task, { client, history, onSubmitted, signal: over.signal }));
    onProgress();
  };

  const user = async (): Promise<void> => {
    for (let task = waiting.shift(); task; task = waiting.shift()) await live(task);
  };

  return {
    submitted: () => submitted,
    ended: () => lives.length,
    begun: () => begun,
    settled: Promise.all(Array.from({ length: users }, user)).then(() => lives),
    giveUp: () => {
      waiting.splice(0);
      over.abort(new Error('The run is over'));
    },
  };
};
