import type { Principal } from '../iam/types.ts';

/** How many of each call, e.g. `DynamoDB.PutItem`, by the name of the role or user that made them. */
export type CallCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface CallCounter {
  readonly onCall: (principal: Principal, call: string) => void;
  readonly calls: () => CallCounts;
}

export const createCallCounter = (): CallCounter => {
  const counts = new Map<string, Map<string, number>>();
  return {
    onCall: ({ name }, call) => {
      const ofPrincipal = counts.get(name) ?? new Map<string, number>();
      counts.set(name, ofPrincipal.set(call, (ofPrincipal.get(call) ?? 0) + 1));
    },
    calls: () =>
      Object.fromEntries([...counts].map(([name, ofPrincipal]) => [name, Object.fromEntries(ofPrincipal)])),
  };
};
