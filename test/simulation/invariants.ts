import { createHash } from 'node:crypto';
import type { Task } from '../../client-sdk/src/task.ts';
import { MAX_ATTEMPTS, MAX_RELEASES } from '../../contract/limits.ts';
import type { UpdateTaskInput } from '../../contract/schema.generated.ts';
import type { TaskRow, TaskStatus } from '../../contract/task.ts';
import type { TaskEvent } from '../../contract/transitions.ts';
import { stripMetadata } from '../../worker/strip-metadata.ts';
import { pictureOf } from './webui.ts';

/*
 * What must be true in every history, said a second time and without a look at contract/transitions.ts: a mistake in the
 * table would otherwise be its own excuse.
 */

export const INVARIANTS = [
  'one end, for ever',
  'only the states that the event allows',
  'only under its lease',
  'stored before told',
  'results once',
  'one task for one id',
  'accepted is stored',
  'bounded attempts',
  'a good task fails only for what went wrong',
  'owners apart',
  'every task ends in time',
  'every watcher learns of it',
  'never backwards',
  'one job at a time',
  'heeds cancel and the loss of its lease',
  'no error that nobody expected',
] as const;

export type Invariant = (typeof INVARIANTS)[number];

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

type Flow = {
  readonly from: readonly TaskStatus[];
  readonly to: TaskStatus | 'same';
  readonly leased?: true;
};

const FLOWS: Readonly<Record<TaskEvent, Flow>> = {
  dispatched: { from: ['QUEUED'], to: 'same' },
  claim: { from: ['QUEUED'], to: 'RUNNING' },
  takeover: { from: ['RUNNING'], to: 'RUNNING' },
  beat: { from: ['RUNNING', 'CANCELING'], to: 'same', leased: true },
  succeed: { from: ['RUNNING'], to: 'SUCCEEDED', leased: true },
  fail: { from: ['RUNNING'], to: 'FAILED', leased: true },
  retry: { from: ['RUNNING'], to: 'QUEUED', leased: true },
  release: { from: ['RUNNING'], to: 'QUEUED', leased: true },
  canceled: { from: ['CANCELING'], to: 'CANCELED', leased: true },
  cancelQueued: { from: ['QUEUED'], to: 'CANCELED' },
  cancelRunning: { from: ['RUNNING'], to: 'CANCELING' },
  requeue: { from: ['RUNNING'], to: 'QUEUED' },
  giveUp: { from: ['RUNNING'], to: 'FAILED' },
  cancelLost: { from: ['CANCELING'], to: 'CANCELED' },
  expire: { from: ['QUEUED'], to: 'EXPIRED' },
  deadline: { from: ['QUEUED'], to: 'FAILED' },
  dead: { from: ['QUEUED'], to: 'FAILED' },
};

const TERMINAL: readonly TaskStatus[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'];
const isTerminal = ({ status }: TaskRow): boolean => TERMINAL.includes(status);

/** What is asked of the objects that a row names. */
export type ShaOf = (key: string) => string | undefined;

const expectedShas = new Map<number, string>();
const expectedSha = (seed: number): string => {
  const known = expectedShas.get(seed);
  if (known !== undefined) return known;
  const file = stripMetadata(Buffer.from(pictureOf(seed), 'base64'));
  const sha = createHash('sha256').update(file).digest('hex');
  expectedShas.set(seed, sha);
  return sha;
};

export interface Checks {
  readonly onPut: (row: TaskRow, before: TaskRow | undefined) => void;
  readonly onChange: (input: UpdateTaskInput, row: TaskRow, before: TaskRow, nowMs: number) => void;
  readonly fail: (invariant: Invariant, what: string) => void;
  readonly violations: readonly Violation[];
}

/** Checks at every write. `seedOf` tells which picture a task asks for. */
export const createChecks = (seedOf: (id: string) => number, shaOf: ShaOf): Checks => {
  const violations: Violation[] = [];
  const fail = (invariant: Invariant, what: string): void => void violations.push({ invariant, what });
  const succeeded = new Set<string>();

  const checkImages = (row: TaskRow): void => {
    if (succeeded.has(row.id)) fail('results once', `${row.id} succeeded twice`);
    succeeded.add(row.id);
    if (!row.images || row.images.length === 0) fail('stored before told', `${row.id} has no image`);
    for (const [index, { key, sha256 }] of (row.images ?? []).entries()) {
      const stored = shaOf(key);
      if (stored !== sha256)
        fail('stored before told', `${key} of ${row.id} is ${stored ? 'another' : 'not there'}`);
      if (sha256 !== expectedSha(seedOf(row.id) + index))
        fail('results once', `${row.id} has the wrong picture`);
    }
  };

  const checkLease = (input: UpdateTaskInput, before: TaskRow, nowMs: number): void => {
    if (FLOWS[input.event].leased) {
      if (input.attempt !== before.attempt || input.leaseToken !== before.leaseToken)
        fail(
          'only under its lease',
          `${input.event} of attempt ${input.attempt} was taken for ${before.attempt}`,
        );
      return;
    }
    const needsLapsed = ['takeover', 'requeue', 'giveUp', 'cancelLost'].includes(input.event);
    // The resolver's clocks differ by no more than a second.
    if (needsLapsed && (before.leaseUntil ?? 0) > nowMs + 1000)
      fail('only under its lease', `${input.event} of ${before.id} while its lease was live`);
    if (input.event === 'dead' && (input.dispatch ?? 0) < before.dispatch)
      fail('only under its lease', `dead by message ${input.dispatch}, the newest was ${before.dispatch}`);
  };

  return {
    violations,
    fail,
    onPut: (row, before) => {
      if (before) fail('one task for one id', `${row.id} was put over`);
    },
    onChange: (input, row, before, nowMs) => {
      const { event } = input;
      const flow = FLOWS[event];
      if (isTerminal(before)) fail('one end, for ever', `${event} changed ${before.status}`);
      if (!flow.from.includes(before.status) || row.status !== (flow.to === 'same' ? before.status : flow.to))
        fail('only the states that the event allows', `${event}: ${before.status} → ${row.status}`);
      if (row.version !== before.version + 1)
        fail('never backwards', `version ${before.version} → ${row.version}`);
      if (row.owner !== before.owner || row.requestHash !== before.requestHash)
        fail('one task for one id', `${event} changed whose or which task it is`);
      if (input.owner && input.owner !== before.owner)
        fail('owners apart', `${input.owner} changed ${before.owner}'s`);
      const claims = row.attempt - before.attempt;
      if (claims !== (event === 'claim' || event === 'takeover' ? 1 : 0))
        fail('only under its lease', `${event}: attempt ${before.attempt} → ${row.attempt}`);
      if (row.attempt > MAX_ATTEMPTS + MAX_RELEASES || row.failures > MAX_ATTEMPTS)
        fail('bounded attempts', `${row.attempt} attempts, ${row.failures} failures`);
      checkLease(input, before, nowMs);
      if (row.status === 'SUCCEEDED') checkImages(row);
      const names = row.images !== undefined;
      if (names !== (row.status === 'SUCCEEDED'))
        fail('stored before told', `${row.status} with${names ? '' : 'out'} images`);
    },
  };
};

/** Why a task may have failed, by what its prompt asks for. */
const ALLOWED_CODES: Readonly<Record<string, readonly string[]>> = {
  '422': ['INVALID_REQUEST'],
  'unknown-model': ['UNKNOWN_MODEL'],
  oom: ['OUT_OF_MEMORY'],
  'http-500': ['WEBUI_ERROR'],
  nan: ['NAN_PRODUCED'],
  black: ['NAN_PRODUCED'],
  'cuda-dead': ['GPU_LOST'],
  crash: ['WEBUI_UNREACHABLE'],
  hang: ['EXECUTION_TIMEOUT'],
  'fewer-images': ['BAD_RESULT'],
  'wrong-model': ['BAD_RESULT'],
  'bad-json': ['BAD_RESULT'],
};
const INFRASTRUCTURE = [
  ...['WORKER_LOST', 'WEBUI_UNREACHABLE', 'EXECUTION_TIMEOUT', 'GPU_LOST', 'STORAGE_ERROR'],
];

export interface Circumstances {
  /** It had to end within seconds. */
  readonly hadDeadline: boolean;
  /** Its message was given up after very few receives. */
  readonly mayBeUndeliverable: boolean;
}

/** What is to be said of a task that has ended, its prompt's fault known. */
export const judge = (row: TaskRow, fault: string, fail: Checks['fail'], so: Circumstances): void => {
  const code = row.error?.code ?? '';
  if (row.status === 'SUCCEEDED') {
    if (ALLOWED_CODES[fault]) fail('results once', `${row.id} succeeded in spite of ${fault}`);
    return;
  }
  if (row.status === 'EXPIRED' && row.attempt > 0)
    fail('one end, for ever', `${row.id} expired after a claim`);
  if (row.status !== 'FAILED' || ALLOWED_CODES[fault]?.includes(code)) return;
  if (code === 'DEADLINE_EXCEEDED' && so.hadDeadline) return;
  if (code === 'UNDELIVERABLE' && so.mayBeUndeliverable) return;
  // Three attempts that ended badly, each by something that the history did to it.
  if (!INFRASTRUCTURE.includes(code) || row.failures < MAX_ATTEMPTS - 1)
    fail(
      'a good task fails only for what went wrong',
      `a task (${fault}): ${code} after ${row.failures} failures`,
    );
};

/** A snapshot that a watcher was shown, against the one before. */
export const checkSnapshot = (
  task: Task,
  last: Task | undefined,
  owner: string,
  fail: Checks['fail'],
): void => {
  if (task.owner !== owner) fail('owners apart', `${owner} was shown ${task.owner}'s task`);
  if (!last) return;
  if (task.version <= last.version) fail('never backwards', `version ${last.version} → ${task.version}`);
  if (last.isTerminal) fail('never backwards', `${last.status} → ${task.status}`);
};
