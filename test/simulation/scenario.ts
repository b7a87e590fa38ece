import fc from 'fast-check';
import { MAX_RECEIVE_COUNT } from '../../contract/limits.ts';

/*
 * What a history is made of. fast-check draws it, and shrinks it when something breaks: fewer tasks, fewer workers, fewer
 * faults, until nothing can be left out.
 */

/** What happens to one call, counted from the history's first. */
export const CALL_FAULTS = [
  /** The caller dies before the call leaves; after it was carried out. */
  'crash-before',
  'crash-after',
  /** Refused with a 5xx, nothing done; done, but the answer is lost. */
  'error',
  'unheard',
  /** Takes ten seconds longer: past the caller's patience where it has one. */
  'slow',
  /** Carried out twice: a request that the network repeated, a message delivered twice. */
  'twice',
  /** The called service is away for a minute, for everybody. */
  'outage',
] as const;

export type CallFault = (typeof CALL_FAULTS)[number];

/** What happens to the WebUI at one of its generations. */
export const WEBUI_FAULTS = ['crash', 'hang', 'late-interrupt', 'lost-answer'] as const;
export type WebuiFault = (typeof WEBUI_FAULTS)[number];

/** What is wrong with a request itself, or with every picture made for it. */
const PROMPT_FAULTS = [
  ...['unknown-model', '422', 'http-500', 'oom', 'oom-once', 'nan', 'cuda-dead', 'crash', 'black'],
  ...['fewer-images', 'wrong-model', 'bad-json', 'hang'],
];

export interface TaskPlan {
  readonly submitAtMs: number;
  readonly owner: 'ann' | 'bob';
  /** How long the GPU works on it. */
  readonly workMs: number;
  readonly batchSize: number;
  /** In S3 instead of the row. */
  readonly isLarge: boolean;
  readonly fault: string;
  /** After the submit; canceled by the owner, or, in vain, by somebody else. */
  readonly cancelAfterMs: number | null;
  readonly foreignCancelAfterMs: number | null;
  readonly submitAgainAfterMs: number | null;
  readonly retryAfterMs: number | null;
  readonly startWithinSeconds: number;
  readonly finishWithinSeconds: number;
}

export interface Scenario {
  readonly seed: number;
  readonly workers: readonly { readonly clockOffsetMs: number; readonly clockRate: number }[];
  readonly tasks: readonly TaskPlan[];
  readonly callFaults: readonly { readonly call: number; readonly kind: CallFault }[];
  readonly webuiFaults: readonly { readonly generation: number; readonly kind: WebuiFault }[];
  /** Receives after which a message is dead: what the template says, or so few that it happens. */
  readonly maxReceiveCount: number;
  /** Moments at which every subscription breaks, and at which some worker is told to go. */
  readonly cutsAtMs: readonly number[];
  readonly drainsAtMs: readonly number[];
}

/** Shorter than many a task takes. */
export const SHORT_FINISH_SECONDS = 20;

/** One time in four. */
const sometimes = (arbitrary: fc.Arbitrary<number>): fc.Arbitrary<number | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

const task: fc.Arbitrary<TaskPlan> = fc.record({
  submitAtMs: fc.nat(20_000),
  owner: fc.constantFrom('ann', 'bob'),
  workMs: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 200, max: 9000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 25_000, max: 50_000 }) },
  ),
  batchSize: fc.constantFrom(1, 1, 2),
  isLarge: fc.constantFrom(false, false, true),
  fault: fc.oneof(
    { weight: 2, arbitrary: fc.constant('none') },
    { weight: 1, arbitrary: fc.constantFrom(...PROMPT_FAULTS) },
  ),
  cancelAfterMs: sometimes(fc.nat(15_000)),
  foreignCancelAfterMs: sometimes(fc.nat(15_000)),
  submitAgainAfterMs: sometimes(fc.nat(5000)),
  retryAfterMs: sometimes(fc.nat(60_000)),
  startWithinSeconds: fc.constantFrom(21_600, 21_600, 21_600, 5),
  finishWithinSeconds: fc.constantFrom(43_200, 43_200, 43_200, SHORT_FINISH_SECONDS),
});

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.noShrink(fc.nat()),
  workers: fc.array(
    fc.record({
      clockOffsetMs: fc.integer({ min: -1_000_000, max: 1_000_000 }),
      clockRate: fc.constantFrom(1, 0.999, 1.001),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  tasks: fc.array(task, { minLength: 1, maxLength: 4 }),
  callFaults: fc.array(fc.record({ call: fc.nat(400), kind: fc.constantFrom(...CALL_FAULTS) }), {
    maxLength: 12,
  }),
  webuiFaults: fc.array(fc.record({ generation: fc.nat(12), kind: fc.constantFrom(...WEBUI_FAULTS) }), {
    maxLength: 2,
  }),
  maxReceiveCount: fc.constantFrom(MAX_RECEIVE_COUNT, MAX_RECEIVE_COUNT, MAX_RECEIVE_COUNT, 2),
  cutsAtMs: fc.array(fc.nat(60_000), { maxLength: 2 }),
  drainsAtMs: fc.array(fc.nat(60_000), { maxLength: 1 }),
});
