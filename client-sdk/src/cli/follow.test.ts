import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeApi, createFakeClock, toSucceeded } from '../../test/fakes.ts';
import { createHttpServers, imageAt } from '../../test/http-servers.ts';
import { createTaskHandle } from '../task-handle.ts';
import { createTaskHub } from '../task-hub.ts';
import { follow } from './follow.ts';

const { serve, stop } = createHttpServers();
afterEach(stop);
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-async-follow-'));
});
afterEach(() => rm(folder, { recursive: true }));

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

    const lines: string[] = [];
    const terminal = {
      ...{ out: (line: string) => lines.push(line), say: () => undefined, isInteractive: false },
      ...{ readInput: () => Promise.resolve(''), onInterrupt: () => () => undefined },
    };
    expect(await follow(handle, { terminal, folder, isJson: false, onInterrupt: 'leave' })).toBe(0);
    expect(lines).toEqual([join(folder, 'seed-1.png')]);
    expect(await readFile(join(folder, 'seed-1.png'), 'utf8')).toBe('a picture');
    expect(cdn.requests.map(({ url }) => url)).toEqual(['/old', '/fresh']);
    expect(calls).toEqual(['get a']);
  });
});
