import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeApi, createFakeClock, settled, toSucceeded, toTask } from '../../test/fakes.ts';
import { createHttpServers, imageAt } from '../../test/http-servers.ts';
import { ApiError, NetworkError, type Task } from '../index.ts';
import { createTaskHandle } from '../task-handle.ts';
import { createTaskHub } from '../task-hub.ts';
import { follow, type FollowOptions } from './follow.ts';
import type { Terminal } from './terminal.ts';

const { serve, stop } = createHttpServers();
afterEach(stop);
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-async-follow-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A terminal that remembers, and whose Ctrl-C the test presses. */
const createTerminal = () => {
  const [out, said]: [string[], string[]] = [[], []];
  let press = (): void => undefined;
  const terminal: Terminal = {
    out: (line) => void out.push(line),
    say: (line) => void said.push(line),
    isInteractive: false,
    readInput: () => Promise.resolve(''),
    onInterrupt: (listener) => {
      press = listener;
      return () => (press = () => undefined);
    },
  };
  return { terminal, out, said, interrupt: () => press() };
};

/** A task that waits, and whoever follows it. */
const followQueued = (options: { isJson?: boolean; onInterrupt?: FollowOptions['onInterrupt'] } = {}) => {
  const [api, clock, screen] = [createFakeApi(), createFakeClock(), createTerminal()];
  const hub = createTaskHub({ transport: api.transport, timers: clock.timers });
  const queued = (queuePosition: number, startsAt: string): Task =>
    toTask('a', 1, { status: 'QUEUED', estimate: { queuePosition, startsAt, eta: null } });
  const known = queued(12, '1970-01-01T00:00:40Z');
  api.tasks.set('a', known);
  const handle = createTaskHandle({ id: 'a', api: api.transport, hub, known });
  const { isJson = false, onInterrupt = 'leave' } = options;
  const following = follow(handle, {
    ...{ terminal: screen.terminal, folder, isJson, onInterrupt, timers: clock.timers },
  });
  return { api, clock, screen, queued, following };
};

describe('a task that is followed', () => {
  it('has its images saved, also where their addresses have expired meanwhile', async () => {
    const cdn = await serve((response, count) => {
      if (count === 1) response.writeHead(403).end();
      else response.end('a picture');
    });
    const { transport, tasks, calls } = createFakeApi();
    const hub = createTaskHub({ transport, timers: createFakeClock().timers });
    const known = { ...toSucceeded('a', 3), images: [imageAt(`${cdn.url}/old`)] };
    tasks.set('a', { ...known, images: [imageAt(`${cdn.url}/fresh`)] });
    const handle = createTaskHandle({ id: 'a', api: transport, hub, known });

    const { terminal, out } = createTerminal();
    const { timers } = createFakeClock();
    expect(await follow(handle, { terminal, folder, isJson: false, onInterrupt: 'leave', timers })).toBe(0);
    expect(out).toEqual([join(folder, 'seed-1.png')]);
    expect(await readFile(join(folder, 'seed-1.png'), 'utf8')).toBe('a picture');
    expect(cdn.requests.map(({ url }) => url)).toEqual(['/old', '/fresh']);
    expect(calls).toEqual(['get a']);
  });

  it('shows its place while it waits, asked for every ten seconds, also where one question fails', async () => {
    const { api, clock, screen, queued, following } = followQueued();
    await settled();
    await clock.advance(10_000);
    api.tasks.set('a', queued(8, '1970-01-01T00:00:50Z'));
    await clock.advance(10_000);
    api.fail(new NetworkError('No answer'));
    await clock.advance(10_000);
    api.fail(undefined);
    api.tasks.set('a', queued(2, '1970-01-01T00:00:50Z'));
    await clock.advance(10_000);
    expect(screen.said).toEqual([
      'QUEUED    place 12, starts in 40 s',
      'QUEUED    place 8, starts in 30 s',
      'QUEUED    place 2, starts in 10 s',
    ]);
    api.put(toTask('a', 2));
    await settled();
    const asked = api.calls.length;
    await clock.advance(12_000);
    expect(api.calls.length).toBe(asked);
    api.put(toTask('a', 3, { status: 'CANCELED', isTerminal: true }));
    expect(await following).toBe(1);
    expect(clock.pending()).toBe(0);
  });

  it.each(['leave', 'cancel'] as const)(
    'is asked for nothing more after Ctrl-C (%s)',
    async (onInterrupt) => {
      const { api, clock, screen, queued, following } = followQueued({ onInterrupt, isJson: true });
      await settled();
      screen.interrupt();
      api.tasks.set('a', queued(8, '1970-01-01T00:00:50Z'));
      await clock.advance(10_000);
      if (onInterrupt === 'cancel') api.put(toTask('a', 2, { status: 'CANCELED', isTerminal: true }));
      expect(await following).toBe(130);
      expect(screen.said.filter((line) => line.includes('place'))).toHaveLength(1);
      expect(screen.out).toHaveLength(1);
      expect(JSON.parse(screen.out[0] ?? '')).not.toHaveProperty('estimate');
      expect(clock.pending()).toBe(0);
    },
  );

  it('that can be watched no longer leaves no question behind', async () => {
    const { api, clock, following } = followQueued();
    await settled();
    const refused = expect(following).rejects.toMatchObject({ code: 'NO_WEBSOCKET' });
    api.end(new ApiError('NO_WEBSOCKET', 'There is none here'));
    await refused;
    expect(clock.pending()).toBe(0);
  });
});
