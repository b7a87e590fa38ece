import { afterAll, beforeAll } from 'vitest';
import { createClient, type Auth, type Client } from '../../client-sdk/src/index.ts';
import { startLocalStack, type LocalStack, type LocalStackOptions } from '../../local/stack.ts';

/** The stack of one test file: a WebUI as fast as it goes, with faults on demand. */
export const useStack = (options: LocalStackOptions = {}): (() => LocalStack) => {
  let stack: LocalStack | undefined;
  const log: string[] = [];
  beforeAll(async () => {
    stack = await startLocalStack({
      instances: 1,
      webui: { arguments: ['--profile', 'instant', '--allow-fault-markers'] },
      log: (source, line) => log.push(`${source}: ${line}`),
      ...options,
    });
  });
  afterAll(async () => {
    await stack?.stop();
  });
  return () => {
    if (!stack) throw new Error('The stack is not running');
    return stack;
  };
};

export const clientOf = (stack: LocalStack, auth?: Auth): Client =>
  createClient({ endpoint: stack.urls.graphql, auth: auth ?? { apiKey: stack.apiKey ?? '' } });

/** A client of a user of the pool. */
export const userOf = (stack: LocalStack, sub: string): Client =>
  clientOf(stack, { token: () => stack.token({ sub }) });

export interface Answer {
  readonly status: number;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly GraphQLFailure[];
}

export interface GraphQLFailure {
  readonly message: string;
  readonly errorType?: string | null;
  readonly errorInfo?: { readonly field?: string | null } | null;
  readonly path?: readonly (string | number)[] | null;
  readonly locations?: readonly object[] | null;
  readonly data?: unknown;
}

/** One POST to the GraphQL endpoint, with the API key unless other headers are given. */
export const post = async (
  stack: LocalStack,
  body: object | string,
  headers: Record<string, string> = { 'x-api-key': stack.apiKey ?? '' },
): Promise<Answer> => {
  const response = await fetch(stack.urls.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const { data, errors = [] } = (await response.json()) as Partial<Answer>;
  return { status: response.status, data, errors };
};

export const SUBMIT =
  'mutation Submit($input: SubmitTaskInput!) { submitTask(input: $input) { id status version } }';

/** What a task would leave behind: rows, messages, objects. */
export const countEverything = async (
  stack: LocalStack,
): Promise<{ readonly messages: number; readonly objects: number }> => {
  const { visible, inFlight } = await stack.inspect.queue();
  const objects = Object.values(await stack.inspect.objects()).flat();
  return { messages: visible + inFlight, objects: objects.length };
};
