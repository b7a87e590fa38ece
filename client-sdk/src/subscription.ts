import { Hub } from 'aws-amplify/utils';
import { ApiError, toApiError } from './errors.ts';
import { OnTaskUpdated } from './operations.generated.ts';
import type { TaskEvent } from './task.ts';
import type { SubscriptionListener } from './transport.ts';

/** As much of Amplify's client as is used here. */
export interface Realtime {
  readonly graphql: (options: { readonly query: string }) => {
    readonly subscribe: (observer: {
      readonly next: (message: { readonly data?: { readonly onTaskUpdated?: unknown } | null }) => void;
      readonly error: (error: unknown) => void;
    }) => { readonly unsubscribe: () => void };
  };
}

let subscriptions = 0;

export const subscribeToTasks = (client: Realtime, listener: SubscriptionListener): (() => void) => {
  const { onEvent, onStart, onError } = listener;
  // A name of its own, by which its acknowledgement is told from another client's.
  const name = `OnTaskUpdated${(subscriptions += 1)}`;
  const query = OnTaskUpdated.replace('OnTaskUpdated', name);
  let isStopped = false;
  let unsubscribe: () => void = () => undefined;
  // Amplify tells of acknowledged subscriptions, first ones and renewed ones, over its hub alone.
  const stopListening = Hub.listen('api', ({ payload }) => {
    const acknowledged = (payload.data ?? {}) as { query?: unknown };
    if (payload.event !== 'Subscription ack' || typeof acknowledged.query !== 'string') return;
    if (new RegExp(`\\b${name}\\b`).test(acknowledged.query)) onStart();
  });

  const open = async (): Promise<void> => {
    await ensureWebSocket();
    if (isStopped) return;
    const subscription = client.graphql({ query }).subscribe({
      next: ({ data }) => onEvent(toEvent(data?.onTaskUpdated)),
      error: (error) => onError(toApiError(error)),
    });
    unsubscribe = () => subscription.unsubscribe();
  };
  open().catch((error: unknown) => onError(toApiError(error)));

  return () => {
    isStopped = true;
    stopListening();
    unsubscribe();
  };
};

const toEvent = (pushed: unknown): TaskEvent | null =>
  typeof (pushed as TaskEvent | null | undefined)?.id === 'string' ? (pushed as TaskEvent) : null;

/** Node.js has a WebSocket of its own from 22 on. */
const ensureWebSocket = async (): Promise<void> => {
  if (typeof WebSocket !== 'undefined') return;
  try {
    const { WebSocket: fromPackage } = await import('ws');
    Object.assign(globalThis, { WebSocket: fromPackage });
  } catch (cause) {
    const message = 'This runtime has no WebSocket: install the package "ws", or use Node.js 22 or later.';
    throw new ApiError('NO_WEBSOCKET', message, { cause });
  }
};
