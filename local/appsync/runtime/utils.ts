import { convertToAttr } from '@aws-sdk/util-dynamodb';
import type { AuthMode } from '../types.ts';
import { EarlyReturn, ResolverError, UnauthorizedError } from './errors.ts';
import { toSubscriptionFilter, type SubscriptionFilter } from './subscription-filter.ts';

/** What the utilities need to know of, and leave behind in, the handler that runs right now. */
export interface Invocation {
  readonly authMode: AuthMode;
  subscriptionFilter?: SubscriptionFilter;
}

const AUTH_TYPES: Readonly<Record<AuthMode, string>> = {
  API_KEY: 'API Key Authorization',
  AWS_IAM: 'IAM Authorization',
  AMAZON_COGNITO_USER_POOLS: 'User Pool Authorization',
};

/**
 * The module `@aws-appsync/utils`, whose package holds types alone. Only what the resolvers use is here: anything else
 * throws an error that names it, for a silent `undefined` would hide what AppSync has and this has not.
 */
export const createUtils = (
  invocation: () => Invocation,
  clock: () => number,
): Readonly<Record<string, unknown>> => ({
  util: only('util', {
    error: (message: unknown, type?: string | null, data?: unknown, info?: unknown): never => {
      throw new ResolverError(String(message), type ?? null, data ?? null, info ?? null);
    },
    unauthorized: (): never => {
      throw new UnauthorizedError('Unauthorized');
    },
    authType: () => AUTH_TYPES[invocation().authMode],
    time: only('util.time', {
      nowEpochSeconds: () => Math.floor(clock() / 1000),
      nowEpochMilliSeconds: () => clock(),
      epochMilliSecondsToSeconds: (ms: number) => Math.floor(ms / 1000),
      epochMilliSecondsToISO8601: (ms: number) => new Date(ms).toISOString(),
    }),
    math: only('util.math', {
      maxVal: (left: number, right: number) => Math.max(left, right),
      roundNum: (value: number) => Math.round(value),
    }),
    dynamodb: only('util.dynamodb', {
      toMapValues: (values: Record<string, unknown>) =>
        Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toAttribute(value)])),
    }),
    transform: only('util.transform', { toSubscriptionFilter }),
  }),
  extensions: only('extensions', {
    setSubscriptionFilter: (filter: SubscriptionFilter) => {
      invocation().subscriptionFilter = filter;
    },
  }),
  runtime: only('runtime', {
    earlyReturn: (value?: unknown, options?: { skipTo?: 'NEXT' | 'END' }): never => {
      throw new EarlyReturn(value ?? null, options?.skipTo ?? 'NEXT');
    },
  }),
});

const only = <T extends object>(name: string, members: T): T =>
  new Proxy(members, {
    get: (target, member) => {
      if (typeof member === 'symbol' || member in target) return Reflect.get(target, member) as unknown;
      throw new Error(`${name}.${member} is not implemented by the local AppSync`);
    },
  });

/** By way of JSON: the value is of another realm, whose objects the SDK would not take for plain ones. */
const toAttribute = (value: unknown): unknown =>
  convertToAttr(value === undefined ? null : JSON.parse(JSON.stringify(value)));
