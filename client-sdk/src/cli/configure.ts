import { regionOf } from '../auth.ts';
import { UsageError } from './exit-codes.ts';
import type { Values } from './fields.ts';
import { JSON_HELP, toOptionLines, type Topic } from './help.ts';
import { LOCAL, profileOf, readProfiles, writeProfiles, type Profile, type Profiles } from './profiles.ts';
import type { Terminal } from './terminal.ts';
import { isSecret, kindOf, nameOf, type WayIn } from './ways-in.ts';

/* The command `config`. It tells where a key is kept, and never the key. */

/** Of `util.parseArgs`, beside those that every command has. */
export const CONFIG_OPTIONS = {
  token: { type: 'string' },
  'token-command': { type: 'string' },
  iam: { type: 'boolean' },
  region: { type: 'string' },
} as const;

export const CONFIG: Topic = {
  name: 'config',
  usage: 'config [set|use|remove NAME] [options]',
  summary: 'Keeps endpoints and the ways into them under names',
  details: `\
  Without a name it lists them; keys and tokens are never shown. With set, --endpoint is kept, and one of the ways in that
  follow it below. The first one is the current one; "use local" goes back to the local stack.

${toOptionLines([
  { option: 'endpoint', type: 'text', hint: 'URL of the GraphQL endpoint' },
  { option: 'api-key', type: 'text', hint: 'a key; "-" reads it from standard input' },
  { option: 'token', type: 'text', hint: 'a user\'s access token, until it expires; "-" as above' },
  {
    option: 'token-command',
    type: 'text',
    hint: 'a command line that prints one, run whenever one is needed',
  },
  { option: 'iam', type: 'flag', hint: 'signs as whoever the AWS tools of this machine are' },
  { option: 'region', type: 'text', hint: "with --iam: the API's, where its endpoint does not name it" },
])}`,
  common: `${JSON_HELP}  --help`,
  examples: [
    'sd-async config set home --endpoint https://example.com/graphql --api-key - < key.txt',
    'sd-async config set mine --endpoint https://example.com/graphql --token-command "my-sso print-access-token"',
    'sd-async config set work --endpoint https://example.com/graphql --iam --region eu-central-1',
    'sd-async config use home',
    'sd-async config remove home',
  ],
};

const WAYS_IN = ['api-key', 'token', 'token-command', 'iam'] as const;

export interface ConfigureOptions {
  readonly path: string;
  readonly words: readonly string[];
  readonly values: Values;
  readonly terminal: Terminal;
}

export const configure = async ({ path, words, values, terminal }: ConfigureOptions): Promise<void> => {
  const [action = 'list', name, ...rest] = words;
  if (rest.length > 0) throw new UsageError(`One name at a time, not "${rest.join(' ')}" as well`);
  refuse(values, ['profile', 'stack-port'], 'is not what config keeps');
  if (action !== 'set') refuse(values, ['endpoint', ...WAYS_IN, 'region'], 'is for config set');
  const known = await readProfiles(path);
  if (action === 'list') {
    if (name !== undefined) throw new UsageError(`What is "${name}" for?`);
    const isJson = values.json === true;
    for (const line of toLines(known, isJson)) terminal.out(line);
    if (!isJson) terminal.say(`kept in ${path}`);
    return;
  }
  if (!['set', 'use', 'remove'].includes(action))
    throw new UsageError(`There is no "config ${action}": set, use and remove are what it can do`);
  if (name === undefined) throw new UsageError(`The name is missing: sd-async config ${action} NAME`);
  const changed =
    action === 'set'
      ? set(known, name, await toProfile(values, terminal))
      : action === 'use'
        ? use(known, name)
        : remove(known, name);
  await writeProfiles(path, changed);
  terminal.say(`${changed.current ?? LOCAL} is the current profile; kept in ${path}`);
};

const refuse = (values: Values, options: readonly string[], reason: string): void => {
  const given = options.find((option) => values[option] !== undefined);
  if (given !== undefined) throw new UsageError(`--${given} ${reason}`);
};

const toProfile = async (values: Values, terminal: Terminal): Promise<Profile> => {
  const { endpoint } = values;
  if (typeof endpoint !== 'string' || !/^https?:\/\//.test(endpoint))
    throw new UsageError('--endpoint must be the URL of the GraphQL endpoint');
  const [way, ...others] = WAYS_IN.filter((option) => values[option] !== undefined);
  if (way === undefined) throw new UsageError(`The way in is missing: one of ${toList(WAYS_IN)}`);
  if (others.length > 0) throw new UsageError(`Give one of ${toList([way, ...others])}`);
  if (way !== 'iam') refuse(values, ['region'], 'is for --iam');
  return { endpoint, ...(await toWayIn(way, endpoint, values, terminal)) };
};

const toList = (options: readonly string[]): string => options.map((option) => `--${option}`).join(', ');

const toWayIn = async (
  way: (typeof WAYS_IN)[number],
  endpoint: string,
  values: Values,
  terminal: Terminal,
): Promise<WayIn> => {
  const given = String(values[way]);
  if (way === 'iam') {
    const region = values.region ?? regionOf(endpoint);
    if (typeof region !== 'string')
      throw new UsageError('--region is missing: the endpoint does not name it');
    return { iam: { region } };
  }
  if (way === 'token-command') return { tokenCommand: given };
  // Where no list of processes shows it.
  const secret = given === '-' ? (await terminal.readInput()).trim() : given;
  if (!isSecret(secret))
    throw new UsageError(`--${way}: must be one word, and neither empty nor with spaces`);
  return way === 'token' ? { token: secret } : { apiKey: secret };
};

/** The first is the current one from then on. */
export const set = (known: Profiles, name: string, profile: Profile): Profiles => {
  if (name === LOCAL)
    throw new UsageError(`"${LOCAL}" is the stack that npm start runs; choose another name`);
  const isFirst = Object.keys(known.profiles).length === 0;
  return { current: isFirst ? name : known.current, profiles: { ...known.profiles, [name]: profile } };
};

export const use = (known: Profiles, name: string): Profiles => {
  if (name === LOCAL) return { ...known, current: null };
  profileOf(known, name);
  return { ...known, current: name };
};

export const remove = (known: Profiles, name: string): Profiles => {
  if (name === LOCAL) throw new UsageError(`"${LOCAL}" is the stack that npm start runs; it stays`);
  profileOf(known, name);
  const profiles = Object.fromEntries(Object.entries(known.profiles).filter(([other]) => other !== name));
  return { current: known.current === name ? null : known.current, profiles };
};

export const toLines = ({ current, profiles }: Profiles, isJson: boolean): readonly string[] => {
  const toLine = (name: string, isCurrent: boolean, rest: string): string =>
    `${isCurrent ? '*' : ' '} ${name.padEnd(12)}  ${rest}`;
  const kept = Object.entries(profiles);
  if (!isJson)
    return [
      toLine(LOCAL, current === null, 'the stack that npm start runs'),
      ...kept.map(([name, profile]) =>
        toLine(name, name === current, `${profile.endpoint}  (${nameOf(profile)})`),
      ),
    ];
  return [
    { name: LOCAL, endpoint: null, auth: null, isCurrent: current === null },
    ...kept.map(([name, profile]) => ({
      ...{ name, endpoint: profile.endpoint, auth: kindOf(profile), isCurrent: name === current },
    })),
  ].map((entry) => JSON.stringify(entry));
};
