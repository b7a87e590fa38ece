import { registerHooks } from 'node:module';
import type { Resolver, Resolvers } from './appsync.ts';
import { createSimulatedUtils } from './appsync-utils.ts';

/*
 * The resolvers' own modules, with `@aws-appsync/utils`, whose package holds types alone, put in place under them.
 */

let now: () => number = Date.now;

/** What `util.time` tells from here on. */
export const setNow = (clock: () => number): void => {
  now = clock;
};

const UTILS = 'simulated:appsync-utils';

export const loadResolvers = async (): Promise<Resolvers> => {
  Object.assign(globalThis, { simulatedAppSyncUtils: createSimulatedUtils(() => now()) });
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '@aws-appsync/utils' ? { url: UTILS, shortCircuit: true } : next(specifier, context),
    load: (url, context, next) =>
      url === UTILS
        ? {
            format: 'module',
            shortCircuit: true,
            source: 'export const { util, runtime, extensions } = globalThis.simulatedAppSyncUtils;',
          }
        : next(url, context),
  });
  const load = async (name: string): Promise<Resolver> =>
    (await import(`../../resolvers/${name}.ts`)) as Resolver;
  return {
    updateTask: await load('Mutation.updateTask'),
    submitTask: await load('Mutation.submitTask'),
    cancelTask: await load('Mutation.cancelTask'),
    retryTask: await load('Mutation.retryTask'),
    task: await load('Query.task'),
  };
};
