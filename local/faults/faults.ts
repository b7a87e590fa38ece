import { chanceOf } from './random.ts';

/*
 * What goes wrong between the parts of the system, on demand: at the gateway for every call to DynamoDB, SQS and S3, at
 * AppSync for every field asked for and every event pushed. Nothing does unless a rule says so.
 */

/** What goes wrong with one call. */
export type Fault =
  /** Answered with that status before anybody looked at it. */
  | { readonly kind: 'refused'; readonly status: 500 | 503 }
  /** Done, and answered with 500. */
  | { readonly kind: 'unheard' }
  /** Done, and the connection closed instead of an answer. */
  | { readonly kind: 'cut' }
  /** Done after that time. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Done twice. A message that is received is given to somebody else as well. */
  | { readonly kind: 'twice' }
  /** Not done and never answered. An event is not pushed. */
  | { readonly kind: 'silent' };

export type FaultKind = Fault['kind'];

export interface FaultRule {
  /** Calls such as `SQS.ReceiveMessage`, `AppSync.updateTask` or `AppSync.push`; `S3.*` is all of a service. */
  readonly calls: readonly string[];
  readonly fault: Fault;
  /** Share of the calls that meet it, 0…1; all of them unless told. */
  readonly share?: number;
  /** So many of them, and then no more. */
  readonly times?: number;
}

/** What a call meets; undefined: nothing is wrong. */
export type Meet = (call: string) => Fault | undefined;

export interface Faults {
  /** Adds a rule; the first that fits decides. Returns how to take it away. */
  readonly inject: (rule: FaultRule) => () => void;
  readonly meet: Meet;
  /** How often each fault was met so far, e.g. `{'cut S3.PutObject': 2}`. */
  readonly met: () => Readonly<Record<string, number>>;
}

/**
 * Which calls meet a fault follows from the seed, the fault and how many calls of that name there were: not from the order in
 * which different calls happen to come, so that another run with this seed is much like this one.
 */
export const createFaults = (seed = 1): Faults => {
  const rules = new Set<FaultRule & { left: number }>();
  const calls = new Map<string, number>();
  const met: Record<string, number> = {};

  const isMet = ({ calls: names, fault, share = 1 }: FaultRule, call: string, nth: number): boolean =>
    names.some((name) => name === call || (name.endsWith('.*') && call.startsWith(name.slice(0, -1)))) &&
    chanceOf(seed, fault.kind, call, nth) < share;

  return {
    inject: (rule) => {
      const own = { ...rule, left: rule.times ?? Infinity };
      rules.add(own);
      return () => void rules.delete(own);
    },
    meet: (call) => {
      if (rules.size === 0) return undefined;
      const nth = (calls.get(call) ?? 0) + 1;
      calls.set(call, nth);
      const rule = [...rules].find((candidate) => isMet(candidate, call, nth));
      if (!rule) return undefined;
      const key = `${rule.fault.kind} ${call}`;
      met[key] = (met[key] ?? 0) + 1;
      rule.left -= 1;
      if (rule.left <= 0) rules.delete(rule);
      return rule.fault;
    },
    met: () => ({ ...met }),
  };
};
