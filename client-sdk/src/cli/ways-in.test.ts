import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nameOf, toAuth, type WayIn } from './ways-in.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-async-ways-in-'));
});
afterEach(() => rm(folder, { recursive: true }));

const sourceOf = (tokenCommand: string) => {
  const { auth } = toAuth({ tokenCommand });
  if (!('token' in auth)) throw new Error('That is another way in');
  return async (forceRefresh = false) => auth.token({ forceRefresh });
};

describe('a command that prints tokens', () => {
  it('is run once, and again when what it printed is not accepted', async () => {
    const log = join(folder, 'log');
    const token = sourceOf(`echo run >> '${log}'; wc -l < '${log}'`);
    expect([await token(), await token(), await token(true), await token()]).toEqual(['1', '1', '2', '2']);
    expect(await readFile(log, 'utf8')).toBe('run\nrun\n');
  });

  it.each([
    ['echo secret; exit 3', 'its command ended with 3'],
    ['true', 'its command printed something else'],
    ['echo Bearer secret', 'its command printed something else'],
  ])('and does not, as in "%s", is not quoted', async (command, message) => {
    await expect(sourceOf(command)()).rejects.toThrow(new Error(message));
  });
});

it.each<[WayIn, string]>([
  [{ apiKey: 'secret' }, 'API key'],
  [{ token: 'secret' }, 'token'],
  [{ tokenCommand: 'echo secret' }, 'token of a command'],
  [{ iam: { region: 'eu-north-1' } }, 'IAM'],
])('%j is shown by its kind alone', (way, name) => {
  expect(nameOf(way)).toBe(name);
});
