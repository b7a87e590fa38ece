import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Auth, AwsCredentials } from '../index.ts';

/* How a profile gets in: with one of the client's three kinds, a token being either kept or made by a command. */

export type WayIn =
  | { readonly apiKey: string }
  /** A user's, good for as long as whoever issued it has said. */
  | { readonly token: string }
  /** A command line that prints one. */
  | { readonly tokenCommand: string }
  /** Whoever the AWS tools here are: by environment, shared files, single sign-on, container or instance. */
  | { readonly iam: { readonly region: string } };

const NAMES = { apiKey: 'API key', token: 'token', tokenCommand: 'token of a command', iam: 'IAM' } as const;
type Kind = keyof typeof NAMES;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kindsOf = (value: object): Kind[] =>
  (Object.keys(NAMES) as Kind[]).filter((kind) => Object.hasOwn(value, kind));

/** Exactly one of them. */
export const isWayIn = (value: Record<string, unknown>): boolean => {
  const [kind, ...others] = kindsOf(value);
  if (kind === undefined || others.length > 0) return false;
  const kept = value[kind];
  return kind === 'iam' ? isObject(kept) && typeof kept.region === 'string' : typeof kept === 'string';
};

/** What may be shown of it. */
export const kindOf = (way: WayIn): Kind => kindsOf(way)[0] ?? 'apiKey';
export const nameOf = (way: WayIn): string => NAMES[kindOf(way)];

export const toAuth = (way: WayIn): { readonly auth: Auth; readonly region?: string } => {
  if ('apiKey' in way) return { auth: { apiKey: way.apiKey } };
  if ('token' in way) return { auth: { token: () => way.token } };
  if ('tokenCommand' in way) return { auth: { token: createTokenSource(way.tokenCommand) } };
  const { region } = way.iam;
  return { auth: { credentials: createCredentialsSource(region) }, region };
};

/** Runs the command once, and again when what it has printed is not accepted any more. */
const createTokenSource = (command: string): Extract<Auth, { token: unknown }>['token'] => {
  let token: Promise<string> | undefined;
  return ({ forceRefresh }) => {
    if (forceRefresh || !token) {
      token = printedBy(command);
      // What failed is asked for again.
      token.catch(() => (token = undefined));
    }
    return token;
  };
};

/** It may be a person who has to say yes. */
const COMMAND_MS = 120_000;

/** What it has to say, a question even, it says on the terminal. */
const printedBy = async (command: string): Promise<string> => {
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'inherit'], timeout: COMMAND_MS });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code === null) throw new Error(`its command had not ended after ${COMMAND_MS / 1000} s`);
  const token = printed.trim();
  if (code !== 0) throw new Error(`its command ended with ${code}`);
  if (!isSecret(token)) throw new Error('its command printed something else');
  return token;
};

/** A key or a token is one word. */
export const isSecret = (value: string): boolean => /^\S+$/.test(value);

const createCredentialsSource = (region: string): (() => Promise<AwsCredentials>) => {
  let chain: ReturnType<typeof loadChain> | undefined;
  return async () => (await (chain ??= loadChain(region)))();
};

/** A package that those who sign nothing can do without. */
const loadChain = async (region: string): Promise<() => Promise<AwsCredentials>> => {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node').catch((cause: unknown) => {
    throw new Error('IAM needs @aws-sdk/credential-provider-node: npm install it', { cause });
  });
  return defaultProvider({ clientConfig: { region } });
};
