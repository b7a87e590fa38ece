import { parseArgs } from 'node:util';
import type { QueueOptions } from './queue.ts';

export const HELP = `A Stable Diffusion WebUI's address with the queue behind it: point an A1111 client at it.

  npm run serve -- [options]

  --port N                   7860 unless told; 0: any free port
  --endpoint URL             the GraphQL endpoint; or SD_ASYNC_ENDPOINT
  --api-key KEY              its API key; or SD_ASYNC_API_KEY, which other users of this machine can't see
  --stack-port N             without an endpoint: the running local stack (npm start), at 4400 unless told
  --cancel-after SECONDS     when the task of a client that left is canceled, 10 unless told; never: it goes on to its end
  --cors-allow-origins LIST  web pages that may use it, separated by commas; *: all. None unless told
  --quiet                    no line for every task
  --help

It listens on 127.0.0.1 alone. docs/a1111.md says what is forwarded and what is refused.
`;

export interface FrontConfig {
  readonly port: number;
  readonly queue: QueueOptions;
  readonly graceMs: number | null;
  readonly corsOrigins: readonly string[];
  readonly quiet: boolean;
}

export type Given = { readonly help: true } | { readonly help: false; readonly config: FrontConfig };

/** Reads the command line and the environment. Names every problem at once. */
export const loadConfig = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Given => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '7860' },
      endpoint: { type: 'string' },
      'api-key': { type: 'string' },
      'stack-port': { type: 'string', default: '4400' },
      'cancel-after': { type: 'string', default: '10' },
      'cors-allow-origins': { type: 'string', default: '' },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { help: true };

  const problems: string[] = [];
  const port = (name: 'port' | 'stack-port'): number => {
    const number = Number(values[name]);
    const isPort = /^\d+$/.test(values[name]) && number <= 65_535;
    if (!isPort) problems.push(`--${name} is no port: ${values[name]}`);
    return number;
  };
  const grace = values['cancel-after'];
  const graceMs = grace === 'never' ? null : Number(grace) * 1000;
  if (graceMs !== null && !(grace.trim() !== '' && graceMs >= 0))
    problems.push(`--cancel-after is neither a number of seconds nor "never": ${grace}`);

  const endpoint = values.endpoint ?? env.SD_ASYNC_ENDPOINT;
  const apiKey = values['api-key'] ?? env.SD_ASYNC_API_KEY;
  if (endpoint !== undefined && !/^https?:\/\//.test(endpoint))
    problems.push(`--endpoint is no URL: ${endpoint}`);
  if (endpoint !== undefined && apiKey === undefined)
    problems.push('--endpoint needs an --api-key, or SD_ASYNC_API_KEY');
  if (endpoint === undefined && apiKey !== undefined)
    problems.push('--api-key needs an --endpoint, or SD_ASYNC_ENDPOINT');

  const config: FrontConfig = {
    port: port('port'),
    queue:
      endpoint === undefined
        ? toLocalStack(port('stack-port'))
        : { endpoint, auth: { apiKey: apiKey ?? '' } },
    graceMs,
    corsOrigins: values['cors-allow-origins'].split(',').filter((origin) => origin !== ''),
    quiet: values.quiet,
  };
  if (problems.length > 0) throw new Error(problems.join('; '));
  return { help: false, config };
};

/** The owner of what clients submit to the local stack. */
const LOCAL_USER = 'a1111';

/** It hands out tokens for anybody (`npm run token`), each good for an hour; a fresh one for every call costs nothing. */
const toLocalStack = (port: number): QueueOptions => ({
  endpoint: `http://127.0.0.1:${port}/graphql`,
  auth: {
    token: async () => {
      const response = await fetch(`http://127.0.0.1:${port}/local/token?user=${LOCAL_USER}`).catch(() => {
        throw new Error(`Nothing listens on port ${port}: is the stack running (npm start)?`);
      });
      if (!response.ok) throw new Error(`The stack on port ${port} gave no token: ${response.status}`);
      return (await response.text()).trim();
    },
  },
});
