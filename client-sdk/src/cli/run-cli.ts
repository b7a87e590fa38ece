import { parseArgs } from 'node:util';
import { assertRunning, ENDPOINT_OPTIONS, type Env } from '../endpoint.ts';
import { FRONT_OPTIONS, FRONT_USER, toConfig, toHelp, type FrontConfig } from '../front/config.ts';
import { serve } from '../front/serve.ts';
import { createClient, type Client } from '../index.ts';
import { COMMANDS, type Call, type Command } from './commands.ts';
import { CONFIG, CONFIG_OPTIONS, configure } from './configure.ts';
import { EXIT, toFailure, toLine, UnreachableError, UsageError } from './exit-codes.ts';
import type { Values } from './fields.ts';
import { CONNECT_HELP, toOverview, toTopicHelp, type Topic } from './help.ts';
import { chooseEndpoint, readProfiles, toConfigPath, type ConnectValues } from './profiles.ts';
import type { Terminal } from './terminal.ts';

export interface CliOptions extends Pick<Call, 'readText' | 'createId' | 'timers'> {
  readonly env: Env;
  readonly terminal: Terminal;
}

const SERVE: Topic = {
  name: 'serve',
  usage: 'serve [options]',
  summary: "Answers as an A1111 WebUI's API does, with the queue behind it",
  details: '',
  examples: [],
};

const TOPICS = [...COMMANDS, SERVE, CONFIG];

/** The owner of what is submitted to the local stack. */
const CLI_USER = 'cli';

const CONNECT_OPTIONS = {
  ...ENDPOINT_OPTIONS,
  profile: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;
const COMMON_OPTIONS = { ...CONNECT_OPTIONS, json: { type: 'boolean' } } as const;

const parse = (args: readonly string[], options: Command['options']) => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
    });
    return { values: values as Values, words: positionals };
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
};

/** Runs one command line. Never rejects: resolves with the exit code, the reason having been said. */
export const runCli = async (args: readonly string[], options: CliOptions): Promise<number> => {
  try {
    return await runCommand(args, options);
  } catch (error) {
    const failure = toFailure(error);
    options.terminal.say(`sd-async: ${toLine(failure)}`);
    if (failure.exitCode === EXIT.unreachable && failure.taskId !== undefined)
      options.terminal.say(`It may have been heard all the same: sd-async watch ${failure.taskId}`);
    return failure.exitCode;
  }
};

const runCommand = async ([name, ...rest]: readonly string[], options: CliOptions): Promise<number> => {
  const { terminal, env } = options;
  const isHelp = name === undefined || ['help', '--help', '-h'].includes(name);
  const asked = isHelp ? rest[0] : name;
  if (asked === undefined) {
    (name === undefined ? terminal.say : terminal.out)(toOverview(TOPICS));
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  const topic = TOPICS.find((known) => known.name === asked);
  if (!topic) throw new UsageError(`There is no command "${asked}"; sd-async --help lists them`);
  if (asked === SERVE.name) return runServe(isHelp ? ['--help'] : rest, options);

  const command = COMMANDS.find((known) => known.name === asked);
  const { values, words } = parse(isHelp ? ['--help'] : rest, {
    ...(command?.options ?? CONFIG_OPTIONS),
    ...COMMON_OPTIONS,
  });
  if (values.help === true) {
    terminal.out(toTopicHelp(topic));
    return EXIT.done;
  }
  if (!command) {
    await configure({ path: toConfigPath(env), words, values, terminal });
    return EXIT.done;
  }
  let client: Client | undefined;
  const connect = async (): Promise<Client> => {
    const known = await readProfiles(toConfigPath(env));
    const endpoint = chooseEndpoint(values as ConnectValues, { env, known, localUser: CLI_USER });
    await assertRunning(endpoint).catch(toUnreachable);
    client = createClient(endpoint);
    return client;
  };
  try {
    return await command.run({ ...options, words, values, connect });
  } finally {
    client?.close();
  }
};

const toUnreachable = (error: Error): never => {
  const hint = 'For another API: sd-async config set NAME --endpoint URL --api-key -, or --endpoint';
  throw new UnreachableError(`${error.message}\n${hint}`, { cause: error });
};

/** Its options are the front's own, and whatever says where the API is. */
const runServe = async (args: readonly string[], { env, terminal }: CliOptions): Promise<number> => {
  const { values, words } = parse(args, { ...FRONT_OPTIONS, ...CONNECT_OPTIONS });
  if (values.help === true) {
    terminal.out(toHelp('sd-async serve', CONNECT_HELP));
    return EXIT.done;
  }
  if (words.length > 0) throw new UsageError(`What is "${words.join(' ')}" for?`);
  const known = await readProfiles(toConfigPath(env));
  const config = toFrontConfig(values, () =>
    chooseEndpoint(values as ConnectValues, { env, known, localUser: FRONT_USER }),
  );
  await assertRunning(config.queue).catch(toUnreachable);
  const front = await serve(config, (text) => terminal.out(text.replace(/\n$/, '')));
  await new Promise<void>((resolve) => terminal.onInterrupt(resolve));
  await front.stop();
  return EXIT.done;
};

const toFrontConfig = (...[values, findQueue]: Parameters<typeof toConfig>): FrontConfig => {
  try {
    return toConfig(values, findQueue);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
};
