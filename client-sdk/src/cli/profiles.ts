import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { toEndpoint, type Endpoint, type EndpointValues, type Env } from '../endpoint.ts';
import { UsageError } from './exit-codes.ts';
import { isWayIn, toAuth, type WayIn } from './ways-in.ts';

/* Endpoints by name, with their ways in: one file that its owner alone can read. */

export type Profile = WayIn & { readonly endpoint: string };

export interface Profiles {
  /** Null: the local stack. */
  readonly current: string | null;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** The name of what needs no profile. */
export const LOCAL = 'local';

export const toConfigPath = ({ XDG_CONFIG_HOME, HOME }: Env): string =>
  join(XDG_CONFIG_HOME || join(HOME ?? homedir(), '.config'), 'sd-async', 'config.json');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isProfile = (value: unknown): value is Profile =>
  isObject(value) && typeof value.endpoint === 'string' && isWayIn(value);

/** Its messages quote nothing: there are keys in it. */
export const parseProfiles = (json: string, path: string): Profiles => {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch {
    throw new UsageError(`${path}: is no JSON`);
  }
  if (!isObject(content)) throw new UsageError(`${path}: must be an object`);
  const { current = null, profiles = {} } = content;
  if (!isObject(profiles)) throw new UsageError(`${path}: profiles must be an object`);
  for (const [name, profile] of Object.entries(profiles))
    if (!isProfile(profile))
      throw new UsageError(
        `${path}: profiles.${name} needs an endpoint, and one of apiKey, token, tokenCommand and iam.region`,
      );
  const known = profiles as Profiles['profiles'];
  if (current !== null && !(typeof current === 'string' && Object.hasOwn(known, current)))
    throw new UsageError(`${path}: current names no profile`);
  return { current, profiles: known };
};

export const readProfiles = async (path: string): Promise<Profiles> => {
  let json: string;
  try {
    json = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: null, profiles: {} };
    throw error;
  }
  return parseProfiles(json, path);
};

export const writeProfiles = async (path: string, profiles: Profiles): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
  // A draft that a crash left behind keeps the mode that it had.
  await chmod(draft, 0o600);
  await rename(draft, path);
};

export const profileOf = ({ profiles }: Profiles, name: string): Profile => {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (!profile) throw new UsageError(`There is no profile "${name}": sd-async config lists them`);
  return profile;
};

export const toProfileEndpoint = (profile: Profile): Endpoint => ({
  endpoint: profile.endpoint,
  ...toAuth(profile),
});

export interface ConnectValues extends EndpointValues {
  readonly profile?: string | undefined;
}

export interface ChooseOptions {
  readonly env: Env;
  readonly known: Profiles;
  /** The owner of what is submitted to the local stack. */
  readonly localUser: string;
}

/** The profile that was asked for, else the command line, else the environment, else the current profile, else the local stack. */
export const chooseEndpoint = (values: ConnectValues, { env, known, localUser }: ChooseOptions): Endpoint => {
  const { profile, 'stack-port': port } = values;
  if (profile !== undefined && (values.endpoint ?? values['api-key'] ?? port) !== undefined)
    throw new UsageError('--profile names an endpoint, its key and all: give no other');
  if (port !== undefined && (values.endpoint ?? values['api-key']) !== undefined)
    throw new UsageError('--stack-port is for the local stack, --endpoint and --api-key for any other');
  const isTold = (values.endpoint ?? values['api-key'] ?? port ?? env.SD_ASYNC_ENDPOINT) !== undefined;
  const name = profile ?? (isTold ? undefined : (known.current ?? undefined));
  if (name !== undefined && name !== LOCAL) return toProfileEndpoint(profileOf(known, name));
  const isLocal = name === LOCAL || port !== undefined;
  try {
    return toEndpoint(values, { env: isLocal ? {} : env, localUser });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
};
