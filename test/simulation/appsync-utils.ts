import { createUtils, type Invocation } from '../../local/appsync/runtime/utils.ts';

/** Who calls: `util.authType()` asks. Set before a handler runs; handlers are synchronous. */
export const invocation: Invocation & { authMode: Invocation['authMode'] } = {
  authMode: 'AMAZON_COGNITO_USER_POOLS',
};

/**
 * `@aws-appsync/utils` for handlers that run as modules of this process. The local AppSync's own, but that values are not put
 * into DynamoDB's types: the simulated table holds plain ones.
 */
export const createSimulatedUtils = (clock: () => number): Readonly<Record<string, unknown>> => {
  const utils = createUtils(() => invocation, clock) as { readonly util: object };
  const util = new Proxy(utils.util, {
    get: (target, name) => (name === 'dynamodb' ? PLAIN : (Reflect.get(target, name) as unknown)),
  });
  return { ...utils, util };
};

const PLAIN = { toMapValues: (values: unknown) => values };
