import { describe, expect, it } from 'vitest';
import { loadConfig, toConfig, type FrontConfig } from './config.ts';

const configOf = (args: readonly string[], env: Record<string, string> = {}): FrontConfig => {
  const given = loadConfig(args, env);
  if (given.help) throw new Error('It took that for a cry for help');
  return given.config;
};

describe('the configuration', () => {
  it('is the local stack unless an endpoint is given', () => {
    expect(configOf([])).toMatchObject({
      port: 7860,
      graceMs: 10_000,
      corsOrigins: [],
      queue: { endpoint: 'http://127.0.0.1:4400/graphql' },
    });
    expect(configOf(['--stack-port', '5500']).queue.endpoint).toBe('http://127.0.0.1:5500/graphql');
  });

  it('comes from the command line, else from the environment', () => {
    const env = { SD_ASYNC_ENDPOINT: 'https://api/graphql', SD_ASYNC_API_KEY: 'da2-env' };
    expect(configOf([], env).queue).toEqual({
      endpoint: 'https://api/graphql',
      auth: { apiKey: 'da2-env' },
    });
    const args = ['--endpoint', 'https://other/graphql', '--api-key', 'da2-arg', '--cancel-after', 'never'];
    expect(configOf(args, env)).toMatchObject({
      graceMs: null,
      queue: { endpoint: 'https://other/graphql', auth: { apiKey: 'da2-arg' } },
    });
  });

  it('is that of the queue that was found, where somebody else looks for it', () => {
    const queue = { endpoint: 'https://home/graphql', auth: { apiKey: 'da2-home' } };
    expect(toConfig({ quiet: true }, () => queue)).toMatchObject({ queue, quiet: true, port: 7860 });
    const find = (): never => {
      throw new Error('There is no profile "x"');
    };
    expect(() => toConfig({ port: 'x' }, find)).toThrow('--port is no port: x; There is no profile "x"');
  });

  it('names every problem at once', () => {
    const args = ['--port', 'x', '--cancel-after', 'soon', '--endpoint', 'there'];
    expect(() => loadConfig(args, {})).toThrow(
      /--port is no port: x; --cancel-after.*soon; --endpoint is no URL: there; --endpoint needs an --api-key/,
    );
  });
});
