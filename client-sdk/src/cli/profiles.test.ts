import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Env } from '../endpoint.ts';
import {
  chooseEndpoint,
  parseProfiles,
  toConfigPath,
  writeProfiles,
  type ConnectValues,
  type Profiles,
} from './profiles.ts';

const HOME: Profiles['profiles'][string] = { endpoint: 'https://home/graphql', apiKey: 'da2-home' };
const WORK: Profiles['profiles'][string] = { endpoint: 'https://office/graphql', apiKey: 'da2-work' };
const KNOWN: Profiles = { current: 'home', profiles: { home: HOME, work: WORK } };
const NONE: Profiles = { current: null, profiles: {} };
const ENV = { SD_ASYNC_ENDPOINT: 'https://env/graphql', SD_ASYNC_API_KEY: 'da2-env' };

const choose = (values: ConnectValues, known: Profiles, env: Env = {}) =>
  chooseEndpoint(values, { env, known, localUser: 'ann' });

describe('the endpoint', () => {
  it.each([
    ['a named profile', { profile: 'work' }, ENV, KNOWN, 'https://office/graphql'],
    [
      'the command line',
      { endpoint: 'https://arg/graphql', 'api-key': 'k' },
      ENV,
      KNOWN,
      'https://arg/graphql',
    ],
    ['a local stack that was named', { 'stack-port': '5500' }, ENV, KNOWN, 'http://127.0.0.1:5500/graphql'],
    ['the environment', {}, ENV, KNOWN, 'https://env/graphql'],
    ['the current profile', {}, {}, KNOWN, 'https://home/graphql'],
    ['the local stack', {}, {}, NONE, 'http://127.0.0.1:4400/graphql'],
    ['the local stack by its name', { profile: 'local' }, ENV, KNOWN, 'http://127.0.0.1:4400/graphql'],
  ])('is that of %s, before what comes after', (_whose, values, env, known, endpoint) => {
    expect(choose(values, known, env).endpoint).toBe(endpoint);
  });

  it('brings its key', () => {
    expect(choose({ profile: 'work' }, KNOWN).auth).toEqual({ apiKey: 'da2-work' });
  });

  it('of a profile that signs brings its region', () => {
    const signs = { endpoint: 'https://office/graphql', iam: { region: 'eu-north-1' } };
    const chosen = choose({}, { current: 'work', profiles: { work: signs } });
    expect(chosen).toMatchObject({ region: 'eu-north-1', auth: { credentials: expect.any(Function) } });
  });

  it.each([
    [{ profile: 'toString' }, /There is no profile "toString"/],
    [{ profile: 'home', endpoint: 'https://x/' }, /give no other/],
    [{ 'stack-port': '1', endpoint: 'https://x/' }, /--stack-port is for the local stack/],
    [{ endpoint: 'there' }, /--endpoint is no URL: there; --endpoint needs an --api-key/],
  ])('is not guessed from %j', (values, message) => {
    expect(() => choose(values, KNOWN)).toThrow(message);
  });
});

describe('the file of profiles', () => {
  let folder = '';
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('stands where the desktop says, else in .config', () => {
    expect(toConfigPath({ XDG_CONFIG_HOME: '/xdg', HOME: '/home/ann' })).toBe('/xdg/sd-async/config.json');
    expect(toConfigPath({ HOME: '/home/ann' })).toBe('/home/ann/.config/sd-async/config.json');
  });

  it('can be read by its owner alone, also where it could be read by others before', async () => {
    folder = await mkdtemp(join(tmpdir(), 'sd-async-profiles-'));
    const path = join(folder, 'config.json');
    await writeFile(path, '{}', { mode: 0o644 });
    await writeProfiles(path, KNOWN);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(parseProfiles(await readFile(path, 'utf8'), path)).toEqual(KNOWN);
  });

  it.each([
    ['{"profiles": {"home": da2-secret', /^config\.json: is no JSON$/],
    ['{"profiles": {"home": {"apiKey": "da2-secret"}}}', /^config\.json: profiles\.home needs an endpoint/],
    [
      '{"profiles": {"home": {"endpoint": "https://x/", "apiKey": "da2-secret", "token": "eyJ"}}}',
      /^config\.json: profiles\.home needs an endpoint, and one of/,
    ],
    ['{"profiles": {"home": {"endpoint": "https://x/", "iam": true}}}', /profiles\.home needs.*iam\.region$/],
    ['{"current": "away"}', /^config\.json: current names no profile$/],
    ['null', /^config\.json: must be an object$/],
    ['{"profiles": null}', /^config\.json: profiles must be an object$/],
  ])('of %s is refused without a word of what stands in it', (json, message) => {
    expect(() => parseProfiles(json, 'config.json')).toThrow(message);
  });
});
