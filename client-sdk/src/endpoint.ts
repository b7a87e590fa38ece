import type { ConnectionOptions } from './auth.ts';

/* Where a command finds its API. For commands alone: no page loads it. */

export interface Endpoint extends ConnectionOptions {
  /** Throws, saying what to do, where the local stack is not running. */
  readonly assertRunning?: () => Promise<unknown>;
}

/** Of `util.parseArgs`. */
export const ENDPOINT_OPTIONS = {
  endpoint: { type: 'string' },
  'api-key': { type: 'string' },
  'stack-port': { type: 'string' },
} as const;

export interface EndpointValues {
  readonly endpoint?: string | undefined;
  readonly 'api-key'?: string | undefined;
  readonly 'stack-port'?: string | undefined;
}

const LOCAL_PORT = '4400';

export const ENDPOINT_HELP = `\
  --endpoint URL             the GraphQL endpoint; or SD_ASYNC_ENDPOINT
  --api-key KEY              its API key; or SD_ASYNC_API_KEY, which other users of this machine can't see
  --stack-port N             without an endpoint: the running local stack (npm start), at 4400 unless told
`;

export type Env = Readonly<Record<string, string | undefined>>;

export const isPort = (text: string): boolean => /^\d+$/.test(text) && Number(text) <= 65_535;

export interface EndpointOptions {
  readonly env: Env;
  /** The owner of what is submitted to the local stack. */
  readonly localUser: string;
}

/** From the command line, else from the environment, else the local stack. Throws an error that names every problem at once. */
export const toEndpoint = (values: EndpointValues, { env, localUser }: EndpointOptions): Endpoint => {
  const endpoint = values.endpoint ?? env.SD_ASYNC_ENDPOINT;
  const apiKey = values['api-key'] ?? env.SD_ASYNC_API_KEY;
  const port = values['stack-port'] ?? LOCAL_PORT;
  const problems: string[] = [];
  if (!isPort(port)) problems.push(`--stack-port is no port: ${port}`);
  if (endpoint !== undefined && !/^https?:\/\//.test(endpoint))
    problems.push(`--endpoint is no URL: ${endpoint}`);
  if (endpoint !== undefined && apiKey === undefined)
    problems.push('--endpoint needs an --api-key, or SD_ASYNC_API_KEY');
  if (endpoint === undefined && apiKey !== undefined)
    problems.push('--api-key needs an --endpoint, or SD_ASYNC_ENDPOINT');
  if (problems.length > 0) throw new Error(problems.join('; '));
  return endpoint === undefined
    ? toLocalStack(port, localUser)
    : { endpoint, auth: { apiKey: apiKey ?? '' } };
};

/** It hands out tokens for anybody (`npm run token`), each good for an hour; a fresh one for every call costs nothing. */
const toLocalStack = (port: string, user: string): Endpoint => {
  const token = async (): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${port}/local/token?user=${user}`).catch(() => {
      throw new Error(`Nothing listens on port ${port}: is the stack running (npm start)?`);
    });
    if (!response.ok) throw new Error(`The stack on port ${port} gave no token: ${response.status}`);
    return (await response.text()).trim();
  };
  return { endpoint: `http://127.0.0.1:${port}/graphql`, auth: { token }, assertRunning: token };
};

/** Asked before the first call: the client would try for 16 seconds to reach a stack that does not run. */
export const assertRunning = async ({ assertRunning: assert }: Endpoint): Promise<void> => {
  await assert?.();
};
