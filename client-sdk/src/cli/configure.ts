import { UsageError } from './exit-codes.ts';
import { LOCAL, profileOf, readProfiles, writeProfiles, type Profiles } from './profiles.ts';
import type { Terminal } from './terminal.ts';

/* The command `config`. It tells where a key is kept, and never the key. */

export interface ConfigureOptions {
  readonly path: string;
  readonly words: readonly string[];
  readonly endpoint: string | undefined;
  /** `-`: read from standard input, where no list of processes shows it. */
  readonly apiKey: string | undefined;
  readonly isJson: boolean;
  readonly terminal: Terminal;
}

export const configure = async (options: ConfigureOptions): Promise<void> => {
  const { path, words, endpoint, apiKey, isJson, terminal } = options;
  const [action = 'list', name, ...rest] = words;
  const known = await readProfiles(path);
  if (rest.length > 0) throw new UsageError(`One name at a time, not "${rest.join(' ')}" as well`);
  if (action !== 'set' && (endpoint ?? apiKey) !== undefined)
    throw new UsageError('--endpoint and --api-key are for config set');
  if (action === 'list') {
    if (name !== undefined) throw new UsageError(`What is "${name}" for?`);
    for (const line of toLines(known, isJson)) terminal.out(line);
    if (!isJson) terminal.say(`kept in ${path}`);
    return;
  }
  if (!['set', 'use', 'remove'].includes(action))
    throw new UsageError(`There is no "config ${action}": set, use and remove are what it can do`);
  if (name === undefined) throw new UsageError(`The name is missing: sd-async config ${action} NAME`);
  const changed =
    action === 'set'
      ? set(known, name, await toProfile(options))
      : action === 'use'
        ? use(known, name)
        : remove(known, name);
  await writeProfiles(path, changed);
  terminal.say(`${changed.current ?? LOCAL} is the current profile; kept in ${path}`);
};

const toProfile = async ({ endpoint, apiKey, terminal }: ConfigureOptions) => {
  if (endpoint === undefined || !/^https?:\/\//.test(endpoint))
    throw new UsageError('--endpoint must be the URL of the GraphQL endpoint');
  const key = apiKey === '-' ? (await terminal.readInput()).trim() : apiKey;
  if (!key) throw new UsageError('--api-key is missing; "-" reads it from standard input');
  return { endpoint, apiKey: key };
};

/** The first is the current one from then on. */
export const set = (known: Profiles, name: string, profile: Profiles['profiles'][string]): Profiles => {
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

export const toLines = ({ current, profiles }: Profiles, isJson: boolean): readonly string[] =>
  [
    { name: LOCAL, endpoint: 'the stack that npm start runs', isCurrent: current === null },
    ...Object.entries(profiles).map(([name, { endpoint }]) => ({
      ...{ name, endpoint, isCurrent: name === current },
    })),
  ].map((entry) =>
    isJson
      ? JSON.stringify(entry)
      : `${entry.isCurrent ? '*' : ' '} ${entry.name.padEnd(12)}  ${entry.endpoint}`,
  );
