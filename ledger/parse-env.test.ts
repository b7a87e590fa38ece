import { expect, it } from 'vitest';
import { count, parseEnv, text, url } from './parse-env.ts';

const ENTRIES = { NAME: text, URL: url, COUNT: count };

it('reads an environment, and leaves out what it was not asked for', () => {
  const env = { NAME: 'a', URL: 'http://127.0.0.1:1/x', COUNT: '12', OTHER: 'b' };
  expect(parseEnv('The process', ENTRIES, env)).toEqual({
    NAME: 'a',
    URL: 'http://127.0.0.1:1/x',
    COUNT: 12,
  });
});

it('names every problem at once', () => {
  expect(() => parseEnv('The process', ENTRIES, { NAME: '', COUNT: '0' })).toThrow(
    "The process can't start: NAME is empty; URL is not set; COUNT is not a whole number from 1",
  );
  expect(() => parseEnv('The process', { URL: url }, { URL: 'nowhere' })).toThrow('URL is not a URL');
});
