import { parseArgs } from 'node:util';
import { ENDPOINT_HELP, ENDPOINT_OPTIONS, isPort, toEndpoint, type Endpoint, type Env } from '../endpoint.ts';

export const toHelp = (command: string): string =>
  `A Stable Diffusion WebUI's address with the queue behind it: point an A1111 client at it.

  ${command} [options]

  --port N                   7860 unless told; 0: any free port
${ENDPOINT_HELP}\
  --cancel-after SECONDS     when the task of a client that left is canceled, 10 unless told; never: it goes on to its end
  --cors-allow-origins LIST  web pages that may use it, separated by commas; *: all. None unless told
  --quiet                    no line for every task
  --help

It listens on 127.0.0.1 alone. docs/a1111.md says what is forwarded and what is refused.
`;

export interface FrontConfig {
  readonly port: number;
  readonly queue: Endpoint;
  readonly graceMs: number | null;
  readonly corsOrigins: readonly string[];
  readonly quiet: boolean;
}

export type Given = { readonly help: true } | { readonly help: false; readonly config: FrontConfig };

/**
 * Reads the command line and the environment. Names every problem at once.
 *
 * @param kept The queue that is meant, whatever the environment says of one.
 */
export const loadConfig = (args: readonly string[], env: Env, kept?: Endpoint): Given => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '7860' },
      ...ENDPOINT_OPTIONS,
      'cancel-after': { type: 'string', default: '10' },
      'cors-allow-origins': { type: 'string', default: '' },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { help: true };

  const problems: string[] = [];
  if (!isPort(values.port)) problems.push(`--port is no port: ${values.port}`);
  const grace = values['cancel-after'];
  const graceMs = grace === 'never' ? null : Number(grace) * 1000;
  if (graceMs !== null && !(grace.trim() !== '' && graceMs >= 0))
    problems.push(`--cancel-after is neither a number of seconds nor "never": ${grace}`);

  const config: FrontConfig = {
    port: Number(values.port),
    queue:
      kept ??
      toEndpoint(values, { env, localUser: LOCAL_USER, onProblem: (problem) => problems.push(problem) }),
    graceMs,
    corsOrigins: values['cors-allow-origins'].split(',').filter((origin) => origin !== ''),
    quiet: values.quiet,
  };
  if (problems.length > 0) throw new Error(problems.join('; '));
  return { help: false, config };
};

/** The owner of what clients submit to the local stack. */
const LOCAL_USER = 'a1111';
