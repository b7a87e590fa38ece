import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';

const GOOD = {
  AWS_REGION: 'us-east-1',
  TASKS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/1/q',
  REQUESTS_BUCKET: 'requests',
  IMAGES_BUCKET: 'images',
  GRAPHQL_URL: 'https://x.appsync-api.us-east-1.amazonaws.com/graphql',
  SD_WEBUI_URL: 'http://127.0.0.1:7861/',
};

describe('loadConfig', () => {
  it('fills in the defaults and converts units', () => {
    expect(loadConfig({ ...GOOD, DRAIN_SECONDS: '10' })).toMatchObject({
      ...{ workerId: 'worker', sdWebuiUrl: 'http://127.0.0.1:7861', drainMs: 10_000, healthPort: 0 },
      ...{ metadata: { disabled: false }, logLevel: 'info' },
    });
  });

  it('names every problem at once, and what is wrong with it', () => {
    const { AWS_REGION: _region, ...rest } = GOOD;
    const env = { ...rest, GRAPHQL_URL: 'nowhere', DRAIN_SECONDS: 'soon', LOG_LEVEL: 'loud' };
    expect(() => loadConfig(env)).toThrow(
      /AWS_REGION is not set; GRAPHQL_URL is not a URL; DRAIN_SECONDS is not a number; LOG_LEVEL is none of/,
    );
  });

  it('reads the switch for instance metadata as the SDKs do', () => {
    for (const [value, disabled] of [
      ['true', true],
      ['1', true],
      ['false', false],
      ['', false],
    ] as const)
      expect(loadConfig({ ...GOOD, AWS_EC2_METADATA_DISABLED: value }).metadata.disabled).toBe(disabled);
  });
});
