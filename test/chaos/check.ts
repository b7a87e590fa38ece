import { MAX_ATTEMPTS } from '../../contract/limits.ts';
import { parseMessage } from '../../contract/message.ts';
import { TERMINAL_STATUSES, type TaskRow } from '../../contract/task.ts';
import type { Evidence } from './evidence.ts';
import type { Sighting } from './history.ts';
import type { WatcherEnd } from './users.ts';
import type { ChaosTask } from './workload.ts';

/* The promises of the README, held against everything that was seen. Pure: a fabricated history can show that it complains. */

export type ViolationKind =
  /** Accepted, and there is no row, or one that has not ended. */
  | 'lost'
  /** Two ends, two sets of images, or more tasks than were submitted. */
  | 'doubled'
  /** Something was shown that can't have been: an end that was left again, one version with two contents. */
  | 'rewritten'
  /** Not whole, not what the row says, not the picture that was asked for. */
  | 'wrong image'
  /** Ended in a way that neither the request nor what went wrong explains. */
  | 'wrong end'
  | 'cancel ignored'
  /** A watcher that never heard, or heard something else than the row says. */
  | 'left waiting'
  | 'told wrong'
  /** Somebody was shown a task of somebody else's. */
  | 'shown to others'
  /** A submit that was refused although nothing was wrong with it. */
  | 'refused'
  /** In a queue, or as a process. */
  | 'left over';

export interface Violation {
  readonly kind: ViolationKind;
  readonly taskId: string | undefined;
  readonly what: string;
}

type Complain = (kind: ViolationKind, what: string) => void;

/** What is known about one task. */
interface Case {
  readonly task: ChaosTask;
  readonly row: TaskRow | undefined;
  /** By the order of time. */
  readonly sightings: readonly Sighting[];
  readonly evidence: Evidence;
}

export const check = (evidence: Evidence): readonly Violation[] => {
  const violations: Violation[] = [];
  const about =
    (taskId: string | undefined): Complain =>
    (kind, what) =>
      void violations.push({ kind, taskId, what });

  const byTask = Map.groupBy(evidence.sightings, ({ taskId }) => taskId);
  for (const task of evidence.tasks) {
    const row = evidence.rows.get(task.id);
    const one: Case = { task, row, sightings: byTask.get(task.id) ?? [], evidence };
    for (const checkOne of [checkSubmit, checkHistory, checkViewers, checkEnd, checkImages, checkWatchers])
      checkOne(one, about(task.id));
  }
  checkLists(evidence, about(undefined));
  checkLeftovers(evidence, about(undefined));
  return violations;
};

const hasEnded = (row: TaskRow): boolean => TERMINAL_STATUSES.includes(row.status);

const checkSubmit = ({ task, row, evidence, sightings }: Case, complain: Complain): void => {
  const life = evidence.lives.find(({ taskId }) => taskId === task.id);
  if (!life) return complain('lost', 'nobody knows whether it was ever submitted');
  if (life.refusal !== undefined) complain('refused', life.refusal);
  // A submit whose answer was lost may have been accepted all the same.
  const isAccepted = life.watchers.length > 0 || sightings.length > 0;
  if (isAccepted && !row) return complain('lost', 'it was accepted, and there is no row');
  if (row && !hasEnded(row)) complain('lost', `it is still ${row.status}, attempt ${row.attempt}`);
};

const contentOf = ({ status, attempt, images, code }: Sighting): string =>
  JSON.stringify({ status, attempt, images, code });

const checkHistory = ({ row, sightings }: Case, complain: Complain): void => {
  const versions = [...Map.groupBy(sightings, (sighting) => sighting.version)].sort(
    ([left], [right]) => left - right,
  );
  let attempt = 0;
  for (const [version, group] of versions) {
    const contents = new Set(group.map(contentOf));
    if (contents.size > 1)
      complain('rewritten', `version ${version} was seen as ${[...contents].join(' and ')}`);
    const next = group[0]?.attempt ?? 0;
    if (next < attempt) complain('rewritten', `with version ${version} attempt ${attempt} became ${next}`);
    attempt = next;
  }
  const lastVersion = Math.max(row?.version ?? 0, ...versions.map(([version]) => version));
  for (const [version, group] of versions) {
    if (version < lastVersion && group.some((sighting) => sighting.isTerminal))
      complain('rewritten', `it had ended with version ${version}, and went on to ${lastVersion}`);
  }
  checkEnds({ row, ends: sightings.filter((sighting) => sighting.isTerminal) }, complain);
  checkMerged(sightings, complain);
};

const checkEnds = (
  { row, ends }: { row: TaskRow | undefined; ends: readonly Sighting[] },
  complain: Complain,
): void => {
  const states = new Set([
    ...ends.map(({ status }) => status),
    ...(row && hasEnded(row) ? [row.status] : []),
  ]);
  if (states.size > 1) complain('doubled', `it ended as ${[...states].join(' and as ')}`);
  const keys = (row?.images ?? []).map(({ key }) => key);
  // An address ends in the key.
  const isRows = ({ images }: Sighting): boolean =>
    images.length === keys.length && images.every((url, index) => url.endsWith(`/${keys[index]}`));
  const other = ends.find((end) => !isRows(end));
  if (row && other)
    complain(
      'doubled',
      `it ended with the images ${other.images.join() || 'none'}, the row has ${keys.join() || 'none'}`,
    );
};

/** Sources that are the SDK's merged view. */
export const MERGED = ['handle', 'twin', 'later'];

/** The SDK promises its users that nothing goes backwards. */
const checkMerged = (sightings: readonly Sighting[], complain: Complain): void => {
  for (const source of MERGED) {
    const versions = sightings.filter((sighting) => sighting.source === source).map(({ version }) => version);
    const isRising = versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? 0));
    if (!isRising) complain('told wrong', `the SDK showed versions ${versions.join(', ')} to the ${source}`);
  }
};

const checkViewers = ({ task, sightings }: Case, complain: Complain): void => {
  for (const { viewer, source, owner } of sightings) {
    if (viewer !== task.owner) complain('shown to others', `to ${viewer} by ${source}`);
    if (owner !== `user:${task.owner}`) complain('shown to others', `as a task of ${owner} by ${source}`);
  }
};

/** What the infrastructure may do to any task, once it has spent every attempt. */
const SPENT = new Set([
  'WEBUI_ERROR',
  'WEBUI_UNREACHABLE',
  'GPU_LOST',
  'BAD_RESULT',
  'STORAGE_ERROR',
  'WORKER_LOST',
  'EXECUTION_TIMEOUT',
]);

const checkEnd = ({ task, row, evidence }: Case, complain: Complain): void => {
  const canceled = evidence.lives.find(({ taskId }) => taskId === task.id)?.canceled;
  if (canceled && ['CANCELING', 'CANCELED'].includes(canceled.status) && row?.status !== 'CANCELED')
    complain('cancel ignored', `the cancel was answered ${canceled.status}, the task is ${row?.status}`);
  if (!row || !hasEnded(row)) return;
  const code = row.error?.code ?? '';
  const ended = `${row.status} ${code} after ${row.attempt} attempts, ${row.failures} failures`;
  const isExplained: Readonly<Record<string, () => boolean>> = {
    SUCCEEDED: () => task.mayEnd.succeeded,
    CANCELED: () => task.cancel !== undefined,
    EXPIRED: () => task.mayExpire && row.attempt === 0,
    FAILED: () =>
      (task.mayEnd.failed as readonly string[]).includes(code) ||
      (SPENT.has(code) && row.attempt >= MAX_ATTEMPTS && row.failures >= MAX_ATTEMPTS - 1),
  };
  if (!isExplained[row.status]?.()) complain('wrong end', ended);
};

const checkImages = ({ task, row, evidence }: Case, complain: Complain): void => {
  const images = row?.images ?? [];
  if (row?.status !== 'SUCCEEDED') {
    if (images.length > 0) complain('wrong image', `it is ${row?.status} and has images`);
    return;
  }
  const expected = evidence.expected.get(task.id) ?? [];
  if (images.length !== expected.length)
    complain('wrong image', `it has ${images.length} images, ${expected.length} were asked for`);
  images.forEach(({ key, sha256, bytes }, index) => {
    const stored = evidence.objects.get(key);
    if (!stored) return complain('wrong image', `image ${index} is not stored`);
    if (stored.bytes !== bytes || stored.sha256 !== sha256)
      complain('wrong image', `image ${index} is not the file that the row says`);
    if (stored.hasText) complain('wrong image', `image ${index} still holds its prompt`);
    if (stored.pixels !== expected[index]) {
      const whose = [...evidence.expected].find(
        ([, pixels]) => stored.pixels && pixels.includes(stored.pixels),
      );
      const found = whose ? `the picture of task ${whose[0]}` : (stored.pixels ?? 'no whole PNG');
      complain('wrong image', `image ${index} is ${found}`);
    }
  });
};

const checkWatchers = ({ task, row, evidence }: Case, complain: Complain): void => {
  const watchers = evidence.lives.find(({ taskId }) => taskId === task.id)?.watchers ?? [];
  for (const watcher of watchers) checkWatcher(watcher, row, complain);
};

const checkWatcher = ({ watcher, end }: WatcherEnd, row: TaskRow | undefined, complain: Complain): void => {
  if (end.kind === 'waiting')
    return complain('left waiting', `the ${watcher} waits, the row is ${row?.status}`);
  if (end.kind === 'gave up')
    return complain('left waiting', `the ${watcher} gave up with ${end.code}: ${end.message}`);
  const isSuccess = row?.status === 'SUCCEEDED';
  const { status, version } = end.task;
  if ((end.kind === 'resolved') !== isSuccess || status !== row?.status || version !== row.version)
    complain(
      'told wrong',
      `the ${watcher} ${end.kind} with ${status} v${version}, the row is ${row?.status} v${row?.version}`,
    );
};

/** Each owner sees exactly the tasks of theirs, each once. */
const checkLists = ({ tasks, rows, listed }: Evidence, complain: Complain): void => {
  for (const [owner, ids] of listed) {
    const mine = new Set(
      tasks.filter((task) => task.owner === owner && rows.has(task.id)).map(({ id }) => id),
    );
    if (new Set(ids).size !== ids.length) complain('doubled', `${owner} has a task listed twice`);
    for (const id of ids)
      if (!mine.has(id)) complain('doubled', `${owner} has a task ${id} that nobody submitted`);
    for (const id of mine) if (!ids.includes(id)) complain('lost', `${owner} is not shown the task ${id}`);
  }
};

const checkLeftovers = ({ queue, deadLetters, rows, survivors }: Evidence, complain: Complain): void => {
  if (queue.visible + queue.inFlight > 0)
    complain('left over', `${queue.visible} messages in the queue, ${queue.inFlight} in flight`);
  for (const body of deadLetters) {
    const parsed = parseMessage(body);
    const row = parsed.ok ? rows.get(parsed.message.taskId) : undefined;
    complain('left over', `a dead letter: ${body}, its task is ${row?.status ?? 'unknown'}`);
  }
  for (const pid of survivors) complain('left over', `process ${pid}`);
};
