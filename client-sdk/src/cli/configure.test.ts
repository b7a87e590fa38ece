import { expect, it } from 'vitest';
import { configure } from './configure.ts';
import { UsageError } from './exit-codes.ts';
import type { Values } from './fields.ts';

const NEW: Values = { endpoint: 'https://home/graphql' };

it.each<[string, Values, string]>([
  ['use', {}, 'The name is missing: sd-async config use NAME'],
  ['use nowhere', {}, 'There is no profile "nowhere": sd-async config lists them'],
  ['remove nowhere', {}, 'There is no profile "nowhere": sd-async config lists them'],
  ['remove local', {}, '"local" is the stack that npm start runs; it stays'],
  ['use local', { 'api-key': 'k' }, '--api-key is for config set'],
  ['list home', {}, 'What is "home" for?'],
  ['list home away', {}, 'One name at a time, not "away" as well'],
  ['rename home', {}, 'There is no "config rename": set, use and remove are what it can do'],
  ['set home', { ...NEW, profile: 'away' }, '--profile is not what config keeps'],
  ['set home', { 'api-key': 'k' }, '--endpoint must be the URL of the GraphQL endpoint'],
  ['set home', NEW, 'The way in is missing: one of --api-key, --token, --token-command, --iam'],
  ['set home', { ...NEW, 'api-key': '-' }, '--api-key: must be one word, and neither empty nor with spaces'],
  ['set home', { ...NEW, token: 'Bearer x' }, '--token: must be one word, and neither empty nor with spaces'],
  ['set home', { ...NEW, token: 'x', iam: true }, 'Give one of --token, --iam'],
  ['set home', { ...NEW, token: 'x', region: 'eu-north-1' }, '--region is for --iam'],
  ['set home', { ...NEW, iam: true }, '--region is missing: the endpoint does not name it'],
])('config %s, %j, is not guessed', async (line, values, reason) => {
  const terminal = {
    ...{
      out: () => undefined,
      say: () => undefined,
      isInteractive: false,
      onInterrupt: () => () => undefined,
    },
    readInput: () => Promise.resolve('\n'),
  };
  const configuring = configure({ path: '/nowhere/config.json', words: line.split(' '), values, terminal });
  await expect(configuring).rejects.toThrow(new UsageError(reason));
});
