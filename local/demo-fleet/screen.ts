import type { FleetDecision, Queue } from '../../contract/schema.generated.ts';

/** What there is to see at a moment. */
export interface Moment {
  readonly seconds: number;
  readonly counts: Readonly<Record<'queued' | 'running' | 'done' | 'lost', number>>;
  readonly total: number;
  readonly queue: Pick<Queue, 'instances' | 'gpuSeconds' | 'newTaskStartsInSeconds'> | undefined;
  readonly instances: readonly InstanceView[];
  /** Newest first. */
  readonly decisions: readonly Pick<FleetDecision, 'at' | 'desired' | 'cause' | 'reason' | 'notes'>[];
  readonly happened: readonly string[];
  readonly cost: string;
}

export interface InstanceView {
  readonly id: string;
  readonly state: string;
  readonly seconds: number;
}

const WIDTH = 40;
const SHOWN_DECISIONS = 4;
const SHOWN_EVENTS = 4;

/** `01:07` */
export const toClock = (seconds: number): string => {
  const whole = Math.max(0, Math.floor(seconds));
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
};

const bar = ({ queued, running, done }: Moment['counts'], total: number): string => {
  const share = (count: number): number => Math.round((count / Math.max(1, total)) * WIDTH);
  const [full, half] = [share(done), share(running)];
  return `${'█'.repeat(full)}${'▒'.repeat(half)}${'·'.repeat(Math.max(0, WIDTH - full - half))} ${done} done, ${running} running, ${queued} waiting`;
};

export const toScreen = (moment: Moment): string => {
  const { seconds, counts, total, queue, instances, decisions, happened, cost } = moment;
  const { desired = 0, min = 0, max = 0 } = queue?.instances ?? {};
  const wait = queue?.newTaskStartsInSeconds;
  const next = typeof wait === 'number' ? `, a new task would start in ${wait} s` : '';
  return [
    `${toClock(seconds)}   ${bar(counts, total)}`,
    `        ${Math.round(queue?.gpuSeconds ?? 0)} GPU-seconds to do${next}; capacity ${desired} (${min} to ${max}); ${cost}`,
    '',
    ...(instances.length > 0 ? instances.map(toInstanceLine) : ['  no instances']),
    '',
    ...decisions.slice(0, SHOWN_DECISIONS).map(({ reason }) => `  ${reason}`),
    '',
    ...happened.slice(-SHOWN_EVENTS).map((line) => `  ${line}`),
  ].join('\n');
};

const toInstanceLine = ({ id, state, seconds }: InstanceView): string =>
  `  ${id}  ${state.padEnd(18)} ${toClock(seconds)}`;
