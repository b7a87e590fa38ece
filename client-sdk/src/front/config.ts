import { parseArgs } from 'node:util';
import { ENDPOINT_HELP, ENDPOINT_OPTIONS, isPort, toEndpoint, type Endpoint, type Env } from '../endpoint.ts';

/** @param connectHelp What tells where the queue is. */
export const toHelp = (command: string, connectHelp = ENDPOINT_HELP): string =>
  `A Stable Diffusion WebUI's address with the queue behind it: point an A1111 client at it.

  ${command} [options]

  --port N                   7860 unless told; 0: any free port
${connectHelp}\
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

/** Of `util.parseArgs`. */
export const FRONT_OPTIONS = {
  port: { type: 'string' },
  'cancel-after': { type: 'string' },
  'cors-allow-origins': { type: 'string' },
  quiet: { type: 'boolean' },
} as const;

export interface FrontValues {
  readonly port?: string | undefined;
  readonly 'cancel-after'?: string | undefined;
  readonly 'cors-allow-origins'?: string | undefined;
  readonly quiet?: boolean | undefined;
}

/**
 * Throws an error that names every problem at once.
 *
 * @param findQueue Where the queue is; throws what is wrong with that.
 */
export const toConfig = (values: FrontValues, findQueue: () => Endpoint): FrontConfig => {
  const { port = '7860', 'cancel-after': grace = '10' } = values;
  const problems: string[] = [];
  if (!isPort(port)) problems.push(`--port is no port: ${port}`);
  const graceMs = grace === 'never' ? null : Number(grace) * 1000;
  if (graceMs !== null && !(grace.trim() !== '' && graceMs >= 0))
    problems.push(`--cancel-after is neither a number of seconds nor "never": ${grace}`);

  const origins = (values['cors-allow-origins'] ?? '').split(',').filter((origin) => origin !== '');
  const queue = attempt(findQueue, problems);
  if (!queue || problems.length > 0) throw new Error(problems.join('; '));
  return { port: Number(port), queue, graceMs, corsOrigins: origins, quiet: values.quiet ?? false };
};

const attempt = <T>(find: () => T, problems: string[]): T | undefined => {
  try {
    return find();
  } catch (error) {
    problems.push((error as Error).message);
    return undefined;
  }
};

export type Given = { readonly help: true } | { readonly help: false; readonly config: FrontConfig };

/** Reads the command line and the environment. Names every problem at once. */
export const loadConfig = (args: readonly string[], env: Env): Given => {
  const { values } = parseArgs({
    args: [...args],
    options: { ...FRONT_OPTIONS, ...ENDPOINT_OPTIONS, help: { type: 'boolean' } },
  });
  if (values.help === true) return { help: true };
  const findQueue = (): Endpoint => toEndpoint(values, { env, localUser: FRONT_USER });
  return { help: false, config: toConfig(values, findQueue) };
};

/** The owner of what clients submit to the local stack. */
export const FRONT_USER = 'a1111';
