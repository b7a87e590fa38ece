import { toMessageBody } from '../../contract/message.ts';
import type { TaskQueue } from '../../ledger/task-queue.ts';
import type { MessageQueue, ReceivedMessage } from '../../worker/queue.ts';
import type { Network, SimulatedProcess } from './network.ts';
import type { Scheduler } from './scheduler.ts';

/*
 * SQS, a standard queue: no order, messages that come twice, handles of earlier receives that still work, a dead-letter queue
 * after too many receives.
 */

interface Message {
  readonly id: string;
  readonly body: string;
  visibleAt: number;
  receiveCount: number;
}

export interface SimulatedQueue {
  readonly senderOf: (process: SimulatedProcess) => TaskQueue;
  readonly receiverOf: (process: SimulatedProcess) => MessageQueue;
  /** What landed in the dead-letter queue; taken by who calls. */
  readonly takeDead: () => { readonly body: string; readonly putBack: () => void } | undefined;
  readonly size: () => number;
}

export interface SimulatedQueueOptions {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: () => number;
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
}

const LONG_POLL_MS = 20_000;
/** At least once is what a standard queue promises. */
const DELIVERED_TWICE = 0.03;

export const createSimulatedQueue = (options: SimulatedQueueOptions): SimulatedQueue => {
  const { scheduler, network, random, visibilitySeconds, maxReceiveCount } = options;
  const messages = new Set<Message>();
  const dead: string[] = [];
  const pollers = new Set<() => void>();
  let count = 0;

  const wake = (): void => {
    for (const poller of [...pollers]) poller();
  };

  const put = (body: string, delayMs: number): void => {
    count += 1;
    messages.add({ id: `m${count}`, body, visibleAt: scheduler.now() + delayMs, receiveCount: 0 });
    if (delayMs > 0) scheduler.after(delayMs, wake);
    else wake();
  };

  const hide = (message: Message, seconds: number): void => {
    message.visibleAt = scheduler.now() + seconds * 1000;
    if (seconds > 0) scheduler.after(seconds * 1000 + 1, wake);
    else wake();
  };

  const pick = (): Message | undefined => {
    for (;;) {
      const visible = [...messages].filter(({ visibleAt }) => visibleAt <= scheduler.now());
      const message = visible[Math.floor(random() * visible.length)];
      if (!message) return undefined;
      message.receiveCount += 1;
      if (message.receiveCount <= maxReceiveCount) {
        if (random() >= DELIVERED_TWICE) hide(message, visibilitySeconds);
        return message;
      }
      messages.delete(message);
      dead.push(message.body);
    }
  };

  const poll = (signal: AbortSignal): Promise<Message | undefined> =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        pollers.delete(look);
        cancel();
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason as Error);
      };
      const look = (): void => {
        const message = pick();
        if (!message) return;
        end();
        resolve(message);
      };
      const cancel = scheduler.after(LONG_POLL_MS, () => {
        end();
        resolve(undefined);
      });
      signal.addEventListener('abort', onAbort, { once: true });
      pollers.add(look);
      look();
    });

  const toReceived = (process: SimulatedProcess, message: Message): ReceivedMessage => ({
    messageId: message.id,
    body: message.body,
    receiveCount: message.receiveCount,
    acknowledge: () => network.call(process, 'sqs', 'delete', () => void messages.delete(message)),
    hide: (seconds) =>
      network.call(process, 'sqs', 'hide', () => {
        if (messages.has(message)) hide(message, seconds);
      }),
  });

  return {
    senderOf: (process) => ({
      send: (message, { delaySeconds }) =>
        network.call(process, 'sqs', 'send', () => put(toMessageBody(message), delaySeconds * 1000)),
    }),
    receiverOf: (process) => ({
      receive: async (signal) => {
        signal.throwIfAborted();
        const message = await network.call(process, 'sqs', 'receive', () => poll(signal));
        return message && toReceived(process, message);
      },
    }),
    takeDead: () => {
      const body = dead.shift();
      return body === undefined ? undefined : { body, putBack: () => void dead.push(body) };
    },
    size: () => messages.size,
  };
};
