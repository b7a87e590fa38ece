import { describe, expect, it } from 'vitest';
import { readIdentity } from './identity.ts';

const TOKEN = '/latest/api/token';
const DOCUMENT = '/latest/dynamic/instance-identity/document';

/** Metadata with these texts; what is not there is a 404. */
const metadata = (texts: Record<string, string | Error>) => {
  const asked: string[] = [];
  const fakeFetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(String(input));
    asked.push(`${init?.method ?? 'GET'} ${pathname}`);
    const text = texts[pathname];
    if (text instanceof Error) throw text;
    return new Response(text ?? '', { status: text === undefined ? 404 : 200 });
  };
  return { fetch: fakeFetch, asked };
};

const document = {
  accountId: '111111111111',
  instanceId: 'i-1',
  instanceType: 'g5.xlarge',
  pendingTime: '2026-11-25T18:02:00Z',
  region: 'us-east-1',
};

describe('readIdentity', () => {
  it('tells the type of the instance and when it was launched', async () => {
    const { fetch, asked } = metadata({ [TOKEN]: 'secret', [DOCUMENT]: JSON.stringify(document) });
    expect(await readIdentity({ fetch })).toEqual({
      instanceType: 'g5.xlarge',
      pendingTime: '2026-11-25T18:02:00Z',
    });
    expect(asked).toEqual([`PUT ${TOKEN}`, `GET ${DOCUMENT}`]);
  });

  it.each<[string, Record<string, string | Error>]>([
    ['no service', { [TOKEN]: new Error('ECONNREFUSED') }],
    ['no token', {}],
    ['no document', { [TOKEN]: 'secret' }],
    ['a page instead', { [TOKEN]: 'secret', [DOCUMENT]: '<html>' }],
    ['no type', { [TOKEN]: 'secret', [DOCUMENT]: JSON.stringify({ ...document, instanceType: undefined }) }],
    ['no time', { [TOKEN]: 'secret', [DOCUMENT]: JSON.stringify({ ...document, pendingTime: 'soon' }) }],
  ])('knows nothing where there is %s', async (_name, texts) => {
    expect(await readIdentity(metadata(texts))).toBeUndefined();
  });

  it('asks nothing where metadata is switched off', async () => {
    const { fetch, asked } = metadata({ [TOKEN]: 'secret', [DOCUMENT]: JSON.stringify(document) });
    expect(await readIdentity({ fetch, disabled: true })).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('ends with its signal', async () => {
    const { fetch } = metadata({ [TOKEN]: 'secret', [DOCUMENT]: JSON.stringify(document) });
    const heeding: typeof globalThis.fetch = (input, init) => {
      init?.signal?.throwIfAborted();
      return fetch(input, init);
    };
    expect(await readIdentity({ fetch: heeding }, AbortSignal.abort())).toBeUndefined();
  });
});
