import { util, type Context, type DynamoDBUpdateItemRequest } from '@aws-appsync/utils';
import { MAX_RELEASES, RETENTION_DAYS } from '../contract/limits.ts';
import type { MutationUpdateTaskArgs, UpdateTaskInput } from '../contract/schema.generated.ts';
import { TERMINAL_STATUSES, type TaskRow } from '../contract/task.ts';
import { TRANSITIONS, type Effect, type Guard, type Transition } from '../contract/transitions.ts';
import { toTask } from './lib/to-task.ts';
import {
  compare,
  compareAttributes,
  increment,
  noClauses,
  oneOf,
  remove,
  set,
  setOnce,
  toUpdateItem,
  type Clauses,
} from './lib/update-expression.ts';

/*
 * One event in a task's life is one conditional UpdateItem, derived from contract/transitions.ts. This is the only
 * writer of rows once they were put, and its clock is the only one that rows know: callers send durations.
 */

type Ctx = Context<MutationUpdateTaskArgs, object, object, object, TaskRow | null>;

export function request(ctx: Ctx): DynamoDBUpdateItemRequest {
  const { input } = ctx.args;
  const transition: Transition = TRANSITIONS[input.event];
  const now = util.time.nowEpochMilliSeconds();
  const clauses = noClauses();
  increment(clauses, 'version');
  set(clauses, 'updatedAt', now);
  if (transition.to) set(clauses, 'status', transition.to);
  clauses.conditions.push(oneOf(clauses, 'status', transition.from));
  for (const guard of transition.needs) clauses.conditions.push(toCondition(guard, clauses, input, now));
  for (const effect of transition.effects) apply(effect, clauses, input, now);
  return toUpdateItem(input.id, clauses);
}

export function response(ctx: Ctx): unknown {
  const { input } = ctx.args;
  const row = ctx.result;
  if (!ctx.error) return toTask(row as TaskRow);
  if (ctx.error.type !== 'DynamoDB:ConditionalCheckFailedException') {
    util.error('The tasks table did not take the event.', 'INTERNAL');
  }
  const foreign = needsOwner(input) && row && row.owner !== input.owner;
  if (!row || foreign) util.error(`There is no task ${input.id}.`, 'NOT_FOUND');
  if (isApplied(row as TaskRow, input)) return toTask(row as TaskRow);
  return refuse(row as TaskRow, input);
}

const isLeased = (input: UpdateTaskInput): boolean =>
  (TRANSITIONS[input.event] as Transition).needs.indexOf('lease') >= 0;

const needsOwner = (input: UpdateTaskInput): boolean =>
  (TRANSITIONS[input.event] as Transition).needs.indexOf('owner') >= 0;

/** Whether this very event was applied before, its answer lost: then it is answered as if it were new. */
const isApplied = (row: TaskRow, input: UpdateTaskInput): boolean => {
  const transition: Transition = TRANSITIONS[input.event];
  if (row.status !== transition.to) return false;
  if (transition.by === 'worker') return row.leaseToken === input.leaseToken;
  if (input.event === 'dispatched') return row.dispatch >= (input.dispatch ?? 0);
  return transition.by === 'handler';
};

const refuse = (row: TaskRow, input: UpdateTaskInput): void => {
  const now = util.time.nowEpochMilliSeconds();
  const info = {
    status: row.status,
    attempt: row.attempt,
    version: row.version,
    leaseRemainingMs: util.math.maxVal(0, (row.leaseUntil ?? 0) - now),
    dueInMs: util.math.maxVal(0, row.notBefore - now),
  };
  if (TERMINAL_STATUSES.indexOf(row.status) >= 0) {
    util.error(`The task has ended: ${row.status}.`, 'TERMINAL', null, info);
  }
  if (isLeased(input) && (row.leaseToken !== input.leaseToken || row.attempt !== input.attempt)) {
    util.error(`The lease of attempt ${input.attempt} was lost.`, 'LEASE_LOST', null, info);
  }
  util.error(`${input.event} is not allowed for a task that is ${row.status}.`, 'NOT_ALLOWED', null, info);
};

const given = (input: UpdateTaskInput, name: keyof UpdateTaskInput): unknown => {
  const value = input[name];
  if (value === undefined || value === null) util.error(`${input.event} needs ${name}.`, 'VALIDATION');
  return value;
};

type Seconds = 'leaseSeconds' | 'backOffSeconds' | 'ringSeconds';

const inSeconds = (input: UpdateTaskInput, name: Seconds, now: number): number => {
  const seconds = given(input, name) as number;
  if (seconds < 0 || seconds > 43200) util.error(`${name} must be within 0 and 43200.`, 'VALIDATION');
  return now + seconds * 1000;
};

const toCondition = (guard: Guard, clauses: Clauses, input: UpdateTaskInput, now: number): string => {
  switch (guard) {
    case 'due':
      return compare(clauses, 'notBefore', '<=', now);
    case 'startable':
      return `(${compare(clauses, 'attempt', '>', 0)} OR ${compare(clauses, 'startBy', '>', now)})`;
    case 'beforeDeadline':
      return compare(clauses, 'deadlineAt', '>', now);
    case 'lease': {
      const attempt = compare(clauses, 'attempt', '=', given(input, 'attempt'));
      return `${attempt} AND ${compare(clauses, 'leaseToken', '=', given(input, 'leaseToken'))}`;
    }
    case 'leaseLapsed':
      return compare(clauses, 'leaseUntil', '<', now);
    case 'retriesLeft':
      return compareAttributes(clauses, 'failures', '<', 'maxRetries');
    case 'noRetriesLeft':
      return compareAttributes(clauses, 'failures', '>=', 'maxRetries');
    case 'releasesLeft':
      return compare(clauses, 'releases', '<', MAX_RELEASES);
    case 'owner':
      return compare(clauses, 'owner', '=', given(input, 'owner'));
    case 'neverClaimed':
      return compare(clauses, 'attempt', '=', 0);
    case 'startByPassed':
      return compare(clauses, 'startBy', '<=', now);
    case 'deadlinePassed':
      return compare(clauses, 'deadlineAt', '<=', now);
    case 'newerDispatch':
      return compare(clauses, 'dispatch', '<', given(input, 'dispatch'));
    case 'newestDispatch':
      return compare(clauses, 'dispatch', '<=', given(input, 'dispatch'));
  }
};

const apply = (effect: Effect, clauses: Clauses, input: UpdateTaskInput, now: number): void => {
  switch (effect) {
    case 'dispatch':
      set(clauses, 'dispatch', given(input, 'dispatch'));
      set(clauses, 'dispatchedAt', now);
      break;
    case 'awaitMessage':
      set(clauses, 'wakeAt', inSeconds(input, 'ringSeconds', now));
      break;
    case 'attempt':
      increment(clauses, 'attempt');
      set(clauses, 'leaseToken', given(input, 'leaseToken'));
      set(clauses, 'leaseUntil', inSeconds(input, 'leaseSeconds', now));
      set(clauses, 'wakeAt', inSeconds(input, 'leaseSeconds', now));
      set(clauses, 'workerId', given(input, 'workerId'));
      setOnce(clauses, 'startedAt', now);
      set(clauses, 'claimedAt', now);
      remove(clauses, 'progress');
      break;
    case 'renew':
      set(clauses, 'leaseUntil', inSeconds(input, 'leaseSeconds', now));
      set(clauses, 'wakeAt', inSeconds(input, 'leaseSeconds', now));
      if (input.progress) set(clauses, 'progress', input.progress);
      break;
    case 'failure':
      increment(clauses, 'failures');
      break;
    case 'release':
      increment(clauses, 'releases');
      break;
    case 'wait':
      set(clauses, 'notBefore', inSeconds(input, 'backOffSeconds', now));
      remove(clauses, 'leaseUntil');
      remove(clauses, 'progress');
      break;
    case 'ring':
      remove(clauses, 'dispatchedAt');
      set(clauses, 'wakeAt', inSeconds(input, 'backOffSeconds', now));
      break;
    case 'finish':
      set(clauses, 'finishedAt', now);
      set(clauses, 'expiresAt', util.time.epochMilliSecondsToSeconds(now) + RETENTION_DAYS * 86400);
      remove(clauses, 'shard');
      remove(clauses, 'activeOwner');
      remove(clauses, 'wakeAt');
      remove(clauses, 'leaseUntil');
      remove(clauses, 'progress');
      break;
    case 'images':
      set(clauses, 'images', given(input, 'images'));
      set(clauses, 'inferenceMs', given(input, 'inferenceMs'));
      set(clauses, 'storeMs', given(input, 'storeMs'));
      break;
    case 'error':
      set(clauses, 'error', given(input, 'error'));
      break;
  }
};
