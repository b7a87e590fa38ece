import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startWebui, type Webui } from './webui.ts';

const running: Webui[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((webui) => webui.stop()));
});

const start = async (): Promise<Webui> => {
  const webui = await startWebui({ arguments: ['--profile', 'instant'] }, () => undefined);
  running.push(webui);
  return webui;
};

const statusOf = (url: string): Promise<number> =>
  fetch(`${url}/sdapi/v1/memory`).then(
    ({ status }) => status,
    () => 0,
  );

/** As a worker runs it: by a shell, without an environment to speak of. */
const run = async (command: string): Promise<number> => {
  const child = spawn('sh', ['-c', command], { env: {}, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number];
  return code;
};

describe('the stand-in beside a worker', () => {
  it('is ended by its restart command, and comes back at the same address', async () => {
    const { url, restartCommand = '', child } = await start();
    const before = child();
    expect(await run(restartCommand)).toBe(0);
    expect(await before?.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await vi.waitFor(async () => expect(await statusOf(url)).toBe(200), { timeout: 10_000 });
    expect(child()?.pid).not.toBe(before?.pid);
  });

  it('takes the command well when it has just ended by itself', async () => {
    const { url, restartCommand = '', child } = await start();
    child()?.kill('SIGKILL');
    await child()?.exited;
    expect(await run(restartCommand)).toBe(0);
    await vi.waitFor(async () => expect(await statusOf(url)).toBe(200), { timeout: 10_000 });
  });
});

describe('a real WebUI', () => {
  it('is not ours to restart', async () => {
    const webui = await startWebui({ url: 'http://127.0.0.1:7861' }, () => undefined);
    expect([webui.url, webui.restartCommand, webui.child()]).toEqual([
      'http://127.0.0.1:7861',
      undefined,
      undefined,
    ]);
  });
});
