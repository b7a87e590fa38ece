import type { EnvName } from '../contract/env.ts';

/** What a `grantX` method gives besides the permission: the variables that make it usable. */
export type Environment = Partial<Record<EnvName, string>>;
