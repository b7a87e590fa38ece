import { transformSync } from 'esbuild';
import vm from 'node:vm';
import type { AuthMode } from '../types.ts';
import { EarlyReturn, ResolverError, UnauthorizedError } from './errors.ts';
import { createUtils, type Invocation } from './utils.ts';

/** `request` or `response` of one bundle. Synchronous, as in AppSync. */
export type Handler = (context: object, invocation: Invocation) => unknown;

export interface Handlers {
  readonly request: Handler;
  readonly response: Handler;
}

export interface RuntimeOptions {
  /** Milliseconds since 1970, seen by resolvers as `util.time`. */
  readonly clock: () => number;
}

/** Takes a bundle to its handlers. All bundles of an API share one realm, apart from ours. */
export type LoadHandlers = (name: string, code: string) => Handlers;

const NOBODY: { readonly authMode: AuthMode } = { authMode: 'API_KEY' };

/**
 * The APPSYNC_JS runtime: bundles run in a realm of their own with nothing but the language and `@aws-appsync/utils`.
 * What crosses the border is JSON, as it is in AppSync. That the code keeps to the language's allowed subset is checked
 * where the template is synthesized.
 */
export const createLoadHandlers = ({ clock }: RuntimeOptions): LoadHandlers => {
  let current: Invocation = { ...NOBODY };
  const utils = createUtils(() => current, clock);
  const realm = vm.createContext({ ...utils, console: { log: () => undefined, error: () => undefined } });
  // JSON.parse answers "" where the text is no JSON: there is no try/catch to handle anything else.
  vm.runInContext(
    'const parse = JSON.parse; JSON.parse = (text) => { try { return parse(text); } catch { return ""; } };',
    realm,
  );

  return (name, code) => {
    const { code: commonJs } = transformSync(code, { format: 'cjs', target: 'esnext', logLevel: 'silent' });
    const wrapper = vm.runInContext(`(function (module, exports, require) {${commonJs}\n})`, realm, {
      filename: `${name}.js`,
    }) as (module: object, exports: object, require: (specifier: string) => unknown) => void;
    const module = { exports: {} as Record<string, unknown> };
    wrapper(module, module.exports, (specifier) => {
      if (specifier === '@aws-appsync/utils') return utils;
      throw new Error(`${name} imports ${specifier}, which the local AppSync does not have`);
    });

    const handler = (exported: string): Handler => {
      const run = module.exports[exported];
      if (typeof run !== 'function') throw new Error(`${name} exports no function ${exported}`);
      return (context, invocation) => {
        current = invocation;
        try {
          return toPlain((run as (context: object) => unknown)(context));
        } catch (thrown) {
          throw toRuntimeError(name, thrown);
        } finally {
          current = { ...NOBODY };
        }
      };
    };
    return { request: handler('request'), response: handler('response') };
  };
};

const toPlain = (value: unknown): unknown =>
  value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown);

const toRuntimeError = (name: string, thrown: unknown): unknown => {
  if (thrown instanceof EarlyReturn) return new EarlyReturn(toPlain(thrown.value), thrown.skipTo);
  if (thrown instanceof ResolverError || thrown instanceof UnauthorizedError) return thrown;
  // An error of the realm is no instance of our Error.
  return new ResolverError(`${name}: ${String(thrown)}`, 'Code');
};
