import { describe, expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import { watchNotices, type NoticesOptions } from './notices.ts';

interface Answer {
  readonly status: number;
  readonly text?: string;
}

const SPOT = '/latest/meta-data/spot/instance-action';
const LIFECYCLE = '/latest/meta-data/autoscaling/target-lifecycle-state';
const REBALANCE = '/latest/meta-data/events/recommendations/rebalance';
const TOKEN = '/latest/api/token';

/** Instance metadata as `answers` has it, and a clock on which `afterLook(n)` runs after the nth look. */
const start = (
  answers: Record<string, Answer | Error>,
  options: { afterLook?: (looks: number) => void } & Partial<NoticesOptions> = {},
) => {
  const { afterLook = () => undefined, ...rest } = options;
  const asked: { url: string; method: string; headers: Headers }[] = [];
  const delays: number[] = [];
  const stopping = new AbortController();
  const clock: Clock = {
    now: () => 0,
    delay: async (ms, signal) => {
      delays.push(ms);
      afterLook(delays.length);
      if (delays.length >= 20) stopping.abort(new Error('Enough'));
      signal?.throwIfAborted();
    },
  };
  const fakeFetch: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    asked.push({ url: url.href, method: init?.method ?? 'GET', headers: new Headers(init?.headers) });
    const answer = answers[url.pathname] ?? { status: 404 };
    if (answer instanceof Error) throw answer;
    return new Response(answer.text ?? '', { status: answer.status });
  };
  const notice = watchNotices({ fetch: fakeFetch, clock, ...rest }, stopping.signal);
  return { notice, asked, delays, stop: () => stopping.abort(new Error('Stopped')) };
};

const OK: Record<string, Answer> = { [TOKEN]: { status: 200, text: 'secret' } };

describe('watchNotices', () => {
  it('tells of a spot interruption, and when it comes', async () => {
    const text = '{"action": "terminate", "time": "2026-11-25T18:02:00Z"}';
    const { notice } = start({ ...OK, [SPOT]: { status: 200, text } });
    expect(await notice).toEqual({ reason: 'spot', until: Date.UTC(2026, 10, 25, 18, 2) });
  });

  it('tells that the group ends the instance', async () => {
    const { notice } = start({ ...OK, [LIFECYCLE]: { status: 200, text: 'Terminated' } });
    expect(await notice).toEqual({ reason: 'scale-in' });
  });

  const RECOMMENDED = { status: 200, text: '{"noticeTime": "2026-11-25T18:02:00Z"}' };

  it('tells that EC2 recommends another instance, without a time to go', async () => {
    const { notice } = start({ ...OK, [REBALANCE]: RECOMMENDED });
    expect(await notice).toEqual({ reason: 'rebalance' });
  });

  it('tells the more pressing one of two', async () => {
    const text = '{"action": "terminate", "time": "2026-11-25T18:02:00Z"}';
    const spot = start({ ...OK, [REBALANCE]: RECOMMENDED, [SPOT]: { status: 200, text } });
    expect(await spot.notice).toMatchObject({ reason: 'spot' });
    const ended = start({
      ...OK,
      [REBALANCE]: RECOMMENDED,
      [LIFECYCLE]: { status: 200, text: 'Terminated' },
    });
    expect(await ended.notice).toEqual({ reason: 'scale-in' });
  });

  it('waits for what must be heeded where a recommendation is not to be', async () => {
    const answers: Record<string, Answer> = { ...OK, [REBALANCE]: RECOMMENDED };
    const { notice } = start(answers, {
      heedRebalance: false,
      afterLook: (looks) => {
        if (looks === 3) answers[LIFECYCLE] = { status: 200, text: 'Terminated' };
      },
    });
    expect(await notice).toEqual({ reason: 'scale-in' });
  });

  it('looks every five seconds until there is something', async () => {
    const answers: Record<string, Answer> = { ...OK, [LIFECYCLE]: { status: 200, text: 'InService' } };
    const { notice, delays } = start(answers, {
      afterLook: (looks) => {
        if (looks === 3) answers[LIFECYCLE] = { status: 200, text: 'Terminated' };
      },
    });
    expect(await notice).toEqual({ reason: 'scale-in' });
    expect(delays).toEqual([5000, 5000, 5000]);
  });

  it('speaks version 2 of the service: a token first, sent with every question', async () => {
    const { notice, asked } = start({ ...OK, [LIFECYCLE]: { status: 200, text: 'Terminated' } });
    await notice;
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'PUT http://169.254.169.254/latest/api/token',
      'GET http://169.254.169.254/latest/meta-data/spot/instance-action',
      'GET http://169.254.169.254/latest/meta-data/autoscaling/target-lifecycle-state',
    ]);
    expect(asked[0]?.headers.get('x-aws-ec2-metadata-token-ttl-seconds')).toBe('21600');
    expect(asked.slice(1).map(({ headers }) => headers.get('x-aws-ec2-metadata-token'))).toEqual([
      'secret',
      'secret',
    ]);
  });

  it('gets another token when its own is over, and asks for none before', async () => {
    const answers: Record<string, Answer> = { ...OK };
    const { notice, asked } = start(answers, {
      afterLook: (looks) => {
        if (looks === 2) answers[SPOT] = { status: 401 };
        if (looks === 3) answers[SPOT] = { status: 404 };
        if (looks === 4) answers[LIFECYCLE] = { status: 200, text: 'Terminated' };
      },
    });
    await notice;
    const tokens = asked.flatMap(({ method }, index) => (method === 'PUT' ? [index] : []));
    // The first of all, and one after the only 401 (the first question of the third look, of three questions each).
    expect(tokens).toEqual([0, 8]);
  });

  it.each<[string, Record<string, Answer | Error>]>([
    ['nothing there', OK],
    ['no service at all', { [TOKEN]: new Error('ECONNREFUSED') }],
    ['no token to be had', { [TOKEN]: { status: 403 } }],
    ['an error of the service', { ...OK, [SPOT]: { status: 500 }, [LIFECYCLE]: { status: 503 } }],
    ['a connection that breaks', { ...OK, [SPOT]: new Error('ECONNRESET'), [LIFECYCLE]: new Error('x') }],
    ['an answer that is a page', { ...OK, [SPOT]: { status: 200, text: '<html>' } }],
    ['a notice without its time', { ...OK, [SPOT]: { status: 200, text: '{"action": "terminate"}' } }],
    ['a recommendation without its time', { ...OK, [REBALANCE]: { status: 200, text: '{}' } }],
    ['a state it stays in', { ...OK, [LIFECYCLE]: { status: 200, text: 'InService' } }],
  ])('takes %s for no notice', async (_name, answers) => {
    const { notice, delays } = start(answers);
    expect(await notice).toBeUndefined();
    expect(delays).toHaveLength(20);
  });

  it('asks the endpoint that it is given', async () => {
    const { notice, asked } = start(
      { ...OK, [LIFECYCLE]: { status: 200, text: 'Terminated' } },
      { endpoint: 'http://127.0.0.1:1338/' },
    );
    await notice;
    expect(asked.map(({ url }) => new URL(url).host)).toEqual(Array(3).fill('127.0.0.1:1338'));
  });

  it('asks nothing where metadata is switched off', async () => {
    const { notice, asked } = start(OK, { disabled: true });
    expect(await notice).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('ends when it is told to, even in the middle of a question', async () => {
    const asking = Promise.withResolvers<void>();
    const silent: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.throwIfAborted();
        init?.signal?.addEventListener('abort', () => reject(new Error('Aborted')));
        asking.resolve();
      });
    const { notice, stop } = start({}, { fetch: silent });
    await asking.promise;
    stop();
    expect(await notice).toBeUndefined();
  });
});
