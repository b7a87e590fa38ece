import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../client-sdk/src/index.ts';
import { createRandom, oneOf } from '../../local/faults/random.ts';
import type { LocalStack } from '../../local/stack.ts';
import { isData, openSocket, tokenOf } from '../helpers/realtime-client.ts';
import { SNAPSHOT_FIELDS, type History, type Snapshot } from './history.ts';
import { OWNERS, type ChaosTask } from './workload.ts';

/* Others who look at the same tasks, and merge nothing: what they are shown is what was pushed and answered. */

const WATCH = `subscription Watch($id: ID) { onTaskUpdated(id: $id) { ${SNAPSHOT_FIELDS} } }`;
const RECONNECT_MS = 250;
const POLL_MS = 700;
const PAGE = 30;
const FOREIGN_IDS = 5;

export interface OnlookersOptions {
  readonly stack: LocalStack;
  readonly clientOf: (owner: string) => Client;
  readonly history: History;
  readonly tasks: readonly ChaosTask[];
  readonly seed: number;
}

interface Onlooker extends OnlookersOptions {
  readonly owner: string;
  readonly signal: AbortSignal;
}

export const startOnlookers = (options: OnlookersOptions): { readonly stop: () => Promise<void> } => {
  const stopping = new AbortController();
  const looking = OWNERS.flatMap((owner) => {
    const onlooker = { ...options, owner, signal: stopping.signal };
    return [again(() => listen(onlooker), RECONNECT_MS, onlooker), poll(onlooker)];
  });
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(looking);
    },
  };
};

/** What fails, since the API is away, is done again: that it is away is what the run is about. */
const again = async (look: () => Promise<void>, pauseMs: number, { signal }: Onlooker): Promise<void> => {
  while (!signal.aborted) {
    await look().catch(() => undefined);
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
};

/**
 * Subscribes to all tasks of the owner's, and by their ids to some that are somebody else's: of those nothing may ever come.
 * Rejects when the socket is lost.
 */
const listen = async ({ stack, owner, history, tasks, signal }: Onlooker): Promise<void> => {
  const authorization = await tokenOf(stack, owner);
  const socket = await openSocket(stack, { authorization });
  signal.addEventListener('abort', socket.close, { once: true });
  try {
    socket.send({ type: 'connection_init' });
    socket.start('mine', WATCH, authorization);
    const foreign = tasks.filter((task) => task.owner !== owner).slice(0, FOREIGN_IDS);
    for (const { id } of foreign) socket.start(id, WATCH, authorization, { id });
    while (!signal.aborted) {
      const { payload } = await socket.next(isData);
      history.see(owner, 'push', payload?.data?.onTaskUpdated as unknown as Snapshot);
    }
  } finally {
    signal.removeEventListener('abort', socket.close);
    socket.close();
  }
};

/** Asks for a page of the owner's tasks, and for a task of anybody's: somebody else's must look like none. */
const poll = (onlooker: Onlooker): Promise<void> => {
  const { clientOf, owner, history, tasks, seed } = onlooker;
  const client = clientOf(owner);
  const random = createRandom(seed, `onlooker ${owner}`);
  const look = async (): Promise<void> => {
    const { items } = await client.list({ limit: PAGE });
    for (const task of items) history.see(owner, 'list', task);
    const task = await client.get(oneOf(random, tasks)?.id ?? '');
    if (task) history.see(owner, 'get', task);
  };
  return again(look, POLL_MS, onlooker);
};
