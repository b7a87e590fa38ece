import { describe, expect, it } from 'vitest';
import { createWorkerReporter } from './report-worker.ts';
import { LedgerUnavailableError } from './update-task.ts';

const createReporter = (answer: () => Promise<Response>) => {
  const sent: { url: string; init: RequestInit }[] = [];
  const report = createWorkerReporter({
    graphqlUrl: 'https://api.example/graphql',
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    fetch: (url, init = {}) => {
      sent.push({ url: String(url), init });
      return answer();
    },
  });
  return { report, sent };
};

const REPORT = { id: 'i-1', state: 'READY' as const };

describe('createWorkerReporter', () => {
  it('tells the report, signed with its own role', async () => {
    const { report, sent } = createReporter(async () =>
      Response.json({ data: { reportWorker: { id: 'i-1', state: 'READY' } } }),
    );
    await report(REPORT);
    const [{ url, init } = { url: '', init: {} }] = sent;
    expect(url).toBe('https://api.example/graphql');
    expect(JSON.parse(String(init.body))).toMatchObject({ variables: { input: REPORT } });
    expect(new Headers(init.headers).get('authorization')).toContain('/us-east-1/appsync/aws4_request');
  });

  it('tells as many names as a report holds, and the state in any case', async () => {
    const taken = async () => Response.json({ data: { reportWorker: { id: 'i-1', state: 'READY' } } });
    const { report, sent } = createReporter(taken);
    const loras = Array.from({ length: 501 }, (_, n) => `lora ${n}`);
    const rest = { checkpoints: ['', 'x'.repeat(201), 'sdxl'], vaes: [], upscalers: [], samplers: [] };
    await report({ ...REPORT, catalogue: { ...rest, loras, schedulers: [] } });
    await report({
      ...REPORT,
      catalogue: { ...rest, loras: loras.map(() => 'x'.repeat(200)), schedulers: [] },
    });
    const [first, second] = sent.map(({ init }) => {
      const { variables } = JSON.parse(String(init.body)) as { variables: { input: typeof REPORT } };
      return variables.input;
    });
    expect(first).toMatchObject({ catalogue: { checkpoints: ['sdxl'], loras: loras.slice(0, 500) } });
    expect(second).toEqual({ ...REPORT, catalogue: null });
  });

  it.each([
    ['a refusal', async () => Response.json({ data: null, errors: [{ message: 'too many names' }] })],
    ['HTML', async () => new Response('<html>Bad gateway</html>', { status: 502 })],
    ['nobody there', async () => Promise.reject(new Error('ECONNREFUSED'))],
  ])('throws where the report was not taken: %s', async (_name, answer) => {
    const { report } = createReporter(answer);
    await expect(report(REPORT)).rejects.toThrow(LedgerUnavailableError);
  });
});
