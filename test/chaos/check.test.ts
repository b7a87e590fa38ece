import { describe, expect, it } from 'vitest';
import type { Task } from '../../client-sdk/src/index.ts';
import type { TaskRow } from '../../contract/task.ts';
import { check } from './check.ts';
import type { Evidence } from './evidence.ts';
import type { Sighting } from './history.ts';
import type { Life, WatcherEnd } from './users.ts';
import type { ChaosTask } from './workload.ts';

/* A checker that can't complain is worth nothing: to each promise a history that breaks it. */

const ID = '11111111-1111-4111-8111-111111111111';
const KEY = 'images/0a/0.png';
const URL = `https://cdn/${KEY}`;

const TASK: ChaosTask = {
  ...{ id: ID, owner: 'ann', input: {}, reference: { path: '', body: {} } },
  ...{ isTwice: false, cancel: undefined, isWatchedLater: false, mayExpire: false },
  mayEnd: { succeeded: true, failed: [] },
};

const ROW = {
  ...{ id: ID, owner: 'user:ann', status: 'SUCCEEDED', version: 4, attempt: 1, failures: 0 },
  images: [{ key: KEY, sha256: 'file', bytes: 9 }],
} as unknown as TaskRow;

const sighting = (changes: Partial<Sighting>): Sighting => ({
  ...{ atMs: 0, taskId: ID, viewer: 'ann', source: 'push', owner: 'user:ann' },
  ...{ version: 4, status: 'SUCCEEDED', isTerminal: true, attempt: 1, images: [URL], code: undefined },
  ...changes,
});

const running = (version: number, changes: Partial<Sighting> = {}): Sighting =>
  sighting({ version, status: 'RUNNING', isTerminal: false, images: [], ...changes });

const toldOf = (changes: Partial<Task> = {}): Task =>
  ({ id: ID, status: 'SUCCEEDED', version: 4, ...changes }) as unknown as Task;

const lifeOf = (end: WatcherEnd['end'], changes: Partial<Life> = {}): Life => ({
  ...{ taskId: ID, refusal: undefined, canceled: undefined },
  watchers: [{ taskId: ID, watcher: 'handle', end }],
  ...changes,
});

const RESOLVED: WatcherEnd['end'] = { kind: 'resolved', task: toldOf() };

/** Of a run in which nothing went wrong, but for the changes. */
const evidenceOf = (changes: Partial<Evidence> = {}): Evidence => ({
  tasks: [TASK],
  lives: [lifeOf(RESOLVED)],
  sightings: [running(3), sighting({}), sighting({ source: 'handle' })],
  rows: new Map([[ID, ROW]]),
  listed: new Map([['ann', [ID]]]),
  objects: new Map([[KEY, { bytes: 9, sha256: 'file', pixels: 'right', hasText: false }]]),
  expected: new Map([[ID, ['right']]]),
  queue: { visible: 0, inFlight: 0 },
  ...{ deadLetters: [], survivors: [] },
  ...changes,
});

const withTask = (changes: Partial<ChaosTask>, others: Partial<Evidence> = {}): Evidence =>
  evidenceOf({ tasks: [{ ...TASK, ...changes }], ...others });

const withImage = (changes: Partial<{ bytes: number; sha256: string; pixels: string; hasText: boolean }>) =>
  evidenceOf({
    objects: new Map([[KEY, { bytes: 9, sha256: 'file', pixels: 'right', hasText: false, ...changes }]]),
  });

/** Ended badly, and everybody was told so. */
const failed = (code: string, row: Partial<TaskRow>, task: Partial<ChaosTask> = {}): Evidence => {
  const { images: _images, ...rest } = ROW;
  const told = toldOf({ status: 'FAILED' });
  return withTask(task, {
    rows: new Map([
      [ID, { ...rest, status: 'FAILED', error: { code, message: '', retryable: true }, ...row }],
    ]),
    lives: [lifeOf({ kind: 'rejected', task: told })],
    sightings: [sighting({ status: 'FAILED', images: [], code })],
  });
};

const kindsOf = (evidence: Evidence): string[] =>
  [...new Set(check(evidence).map(({ kind }) => kind))].sort();

describe('the checks of a run', () => {
  it('have nothing against one in which every promise was kept', () => {
    expect(check(evidenceOf())).toEqual([]);
  });

  it.each<[string, string[], Evidence]>([
    ['a task without a row', ['lost', 'doubled', 'told wrong'], evidenceOf({ rows: new Map() })],
    [
      'a task that has not ended',
      ['lost', 'left waiting'],
      evidenceOf({
        rows: new Map([[ID, { ...ROW, status: 'RUNNING', images: [] }]]),
        sightings: [running(4)],
        lives: [lifeOf({ kind: 'waiting' })],
      }),
    ],
    ['a task that its owner is not shown', ['lost'], evidenceOf({ listed: new Map([['ann', []]]) })],
    ['a task that nobody submitted', ['doubled'], evidenceOf({ listed: new Map([['ann', [ID, 'other']]]) })],
    ['a task that is listed twice', ['doubled'], evidenceOf({ listed: new Map([['ann', [ID, ID]]]) })],
    [
      'two different ends',
      ['rewritten', 'doubled'],
      evidenceOf({ sightings: [sighting({ status: 'FAILED', version: 3, images: [] }), sighting({})] }),
    ],
    [
      'two successes with images of their own',
      ['rewritten', 'doubled'],
      evidenceOf({ sightings: [sighting({ images: ['https://cdn/images/0b/0.png'] }), sighting({})] }),
    ],
    ['an end that was left again', ['rewritten'], evidenceOf({ sightings: [sighting({}), running(5)] })],
    [
      'one version with two contents',
      ['rewritten'],
      evidenceOf({ sightings: [running(3), running(3, { attempt: 2 })] }),
    ],
    [
      'an attempt that goes back',
      ['rewritten'],
      evidenceOf({ sightings: [running(2, { attempt: 2 }), running(3)] }),
    ],
    ['an image that is not stored', ['wrong image'], evidenceOf({ objects: new Map() })],
    ['an image that is half a file', ['wrong image'], withImage({ bytes: 4 })],
    ['an image with another checksum', ['wrong image'], withImage({ sha256: 'other' })],
    ['an image of something else', ['wrong image'], withImage({ pixels: 'other' })],
    ['an image that tells its prompt', ['wrong image'], withImage({ hasText: true })],
    ['too few images', ['wrong image'], evidenceOf({ expected: new Map([[ID, ['right', 'right too']]]) })],
    ['a success that can be none', ['wrong end'], withTask({ mayEnd: { succeeded: false, failed: [] } })],
    ['a failure without a reason', ['wrong end'], failed('OUT_OF_MEMORY', {})],
    ['a failure of the infrastructure after one attempt', ['wrong end'], failed('WORKER_LOST', {})],
    ['a worker that is at its wits’ end', ['wrong end'], failed('WORKER_ERROR', { attempt: 3, failures: 2 })],
    [
      'a cancel that was confirmed and forgotten',
      ['cancel ignored'],
      withTask(
        { cancel: 'running' },
        { lives: [lifeOf(RESOLVED, { canceled: toldOf({ status: 'CANCELING' }) })] },
      ),
    ],
    ['a watcher who still waits', ['left waiting'], evidenceOf({ lives: [lifeOf({ kind: 'waiting' })] })],
    [
      'a watcher whom the SDK left alone',
      ['left waiting'],
      evidenceOf({ lives: [lifeOf({ kind: 'gave up', code: 'NETWORK', message: '' })] }),
    ],
    [
      'a watcher who was told of another end',
      ['told wrong'],
      evidenceOf({ lives: [lifeOf({ kind: 'rejected', task: toldOf({ status: 'FAILED' }) })] }),
    ],
    [
      'a watcher for whom time went back',
      ['told wrong'],
      evidenceOf({
        sightings: [running(3, { source: 'handle' }), running(2, { source: 'handle' }), sighting({})],
      }),
    ],
    [
      'somebody else who was shown the task',
      ['shown to others'],
      evidenceOf({ sightings: [sighting({ viewer: 'bob' })] }),
    ],
    [
      'a task that changed hands',
      ['shown to others'],
      evidenceOf({ sightings: [sighting({ owner: 'user:bob' })] }),
    ],
    [
      'a submit that was refused',
      ['refused'],
      evidenceOf({ lives: [lifeOf(RESOLVED, { refusal: 'VALIDATION: no' })] }),
    ],
    ['a message that is left', ['left over'], evidenceOf({ queue: { visible: 0, inFlight: 1 } })],
    ['a dead letter', ['left over'], evidenceOf({ deadLetters: ['{}'] })],
    ['a process that is left', ['left over'], evidenceOf({ survivors: [4711] })],
  ])('complain of %s', (_name, kinds, evidence) => {
    expect(kindsOf(evidence)).toEqual([...kinds].sort());
  });

  it.each<[string, Evidence]>([
    [
      'a failure that the request asked for',
      failed('OUT_OF_MEMORY', {}, { mayEnd: { succeeded: false, failed: ['OUT_OF_MEMORY'] } }),
    ],
    [
      'a failure of the infrastructure when every attempt was spent',
      failed('WORKER_LOST', { attempt: 3, failures: 3 }),
    ],
    [
      'a snapshot that came late',
      evidenceOf({ sightings: [sighting({}), running(3), sighting({ source: 'list' })] }),
    ],
  ])('have nothing against %s', (_name, evidence) => {
    expect(check(evidence)).toEqual([]);
  });
});
