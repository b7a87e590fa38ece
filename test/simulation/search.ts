import fc from 'fast-check';
import { setNow } from './load.ts';
import type { Resolvers } from './appsync.ts';
import type { Invariant } from './invariants.ts';
import { scenario, type Scenario } from './scenario.ts';
import { runHistory, type Mutation } from './world.ts';

/** What many histories amount to. */
export interface Findings {
  histories: number;
  calls: number;
  virtualMs: number;
  readonly injected: Record<string, number>;
  readonly ends: Record<string, number>;
  readonly transitions: Record<string, number>;
  /** Found first, and shrunk. */
  broken?: Broken;
}

export interface Broken {
  readonly invariant: Invariant;
  readonly what: string;
  readonly seed: number;
  readonly history: Scenario;
  /** Histories before it. */
  readonly after: number;
  readonly shrinks: number;
}

export interface SearchOptions {
  readonly resolvers: Resolvers;
  readonly histories: number;
  readonly seed: number;
  readonly mutation?: Mutation;
  readonly onProgress?: (histories: number) => void;
  /** No smaller history is looked for: the first will do. */
  readonly isFirstEnough?: boolean;
  /** Milliseconds after which no other history is begun. */
  readonly timeLimitMs?: number;
}

class BrokenInvariant extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, what: string) {
    super(what);
    this.invariant = invariant;
  }
}

const PROGRESS_EVERY = 50;

/** Plays histories until one breaks an invariant or there were enough. */
export const search = async (options: SearchOptions): Promise<Findings> => {
  const { resolvers, histories, seed, mutation, onProgress, isFirstEnough = false, timeLimitMs } = options;
  const findings = emptyFindings();
  let isShrinking = false;

  const property = fc.asyncProperty(scenario, async (drawn) => {
    const history = await runHistory(drawn, { resolvers, setNow, ...(mutation && { mutation }) });
    const [violation] = history.violations;
    if (!isShrinking) {
      add(findings, history);
      if (findings.histories % PROGRESS_EVERY === 0) onProgress?.(findings.histories);
    }
    if (!violation) return;
    isShrinking = true;
    throw new BrokenInvariant(violation.invariant, violation.what);
  });

  const result = await fc.check(property, {
    seed,
    numRuns: histories,
    endOnFailure: isFirstEnough,
    ...(timeLimitMs !== undefined && { interruptAfterTimeLimit: timeLimitMs }),
  });
  const { counterexample, errorInstance, numShrinks } = result;
  if (result.failed && counterexample) {
    if (!(errorInstance instanceof BrokenInvariant)) throw errorInstance;
    findings.broken = {
      invariant: errorInstance.invariant,
      what: errorInstance.message,
      seed,
      history: counterexample[0],
      after: findings.histories,
      shrinks: numShrinks,
    };
  }
  onProgress?.(findings.histories);
  return findings;
};

export const emptyFindings = (): Findings => ({
  histories: 0,
  calls: 0,
  virtualMs: 0,
  injected: {},
  ends: {},
  transitions: {},
});

const add = (findings: Findings, history: Awaited<ReturnType<typeof runHistory>>): void => {
  findings.histories += 1;
  findings.calls += history.calls;
  findings.virtualMs += history.virtualMs;
  const count = (into: Record<string, number>, key: string, by = 1): void => {
    into[key] = (into[key] ?? 0) + by;
  };
  for (const [kind, times] of Object.entries(history.injected)) count(findings.injected, kind, times);
  for (const end of history.ends) count(findings.ends, end);
  for (const transition of history.transitions) count(findings.transitions, transition);
};

/** What several searches found together; the first that broke something speaks. */
export const merge = (all: readonly Findings[]): Findings => {
  const merged = emptyFindings();
  for (const one of all) {
    merged.histories += one.histories;
    merged.calls += one.calls;
    merged.virtualMs += one.virtualMs;
    for (const name of ['injected', 'ends', 'transitions'] as const)
      for (const [key, times] of Object.entries(one[name]))
        merged[name][key] = (merged[name][key] ?? 0) + times;
    if (one.broken) merged.broken ??= one.broken;
  }
  return merged;
};
