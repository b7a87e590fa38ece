import type { GroupDescription } from '../instances/auto-scaling-group.ts';

/** What has been paid for so far, as EC2 counts: from launch to the end, by the second, 60 s at least. */
export interface Account {
  readonly observe: (group: GroupDescription, now: number) => void;
  readonly instanceSeconds: (now: number) => number;
  readonly launches: () => number;
  /** The most that were there at a time. */
  readonly most: () => number;
}

interface Life {
  readonly from: number;
  to: number | undefined;
}

/** On-demand Linux, "EC2 billing": a minimum of 60 seconds. */
const LEAST_SECONDS = 60;

export const createAccount = ({ leastSeconds = LEAST_SECONDS } = {}): Account => {
  const lives = new Map<string, Life>();
  let most = 0;
  return {
    observe: ({ members }, now) => {
      const present = new Set(members.map(({ instanceId }) => instanceId));
      for (const id of present) if (!lives.has(id)) lives.set(id, { from: now, to: undefined });
      for (const [id, life] of lives) if (!present.has(id)) life.to ??= now;
      most = Math.max(most, present.size);
    },
    instanceSeconds: (now) =>
      [...lives.values()].reduce(
        (sum, { from, to }) => sum + Math.max(leastSeconds, ((to ?? now) - from) / 1000),
        0,
      ),
    launches: () => lives.size,
    most: () => most,
  };
};
