import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startHealthServer, type HealthReport, type HealthServer } from './health.ts';

const running: HealthServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

const READY: HealthReport = {
  status: 'ready',
  reasons: [],
  workerId: 'i-1',
  since: '2026-11-25T18:00:00.000Z',
};

const start = async (health: () => HealthReport = () => READY): Promise<string> => {
  const server = await startHealthServer({ port: 0, health });
  running.push(server);
  return server.url;
};

describe('the health of a worker', () => {
  it.each([
    ['starting', 503],
    ['ready', 200],
    ['busy', 200],
    ['draining', 503],
    ['unhealthy', 503],
  ] as const)('is answered with the report: %s is %i', async (status, expected) => {
    const report = { ...READY, status, reasons: ['the WebUI is silent'], taskId: 't1' };
    const response = await fetch(await start(() => report));
    expect(response.status).toBe(expected);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual(report);
  });

  it('is asked for anew every time', async () => {
    let report = READY;
    const url = await start(() => report);
    expect((await fetch(url)).status).toBe(200);
    report = { ...READY, status: 'draining' };
    expect((await fetch(url)).status).toBe(503);
  });

  it('is all there is: another path or method is 404', async () => {
    const url = await start();
    const others = [fetch(new URL('/', url)), fetch(`${url}/more`), fetch(url, { method: 'POST' })];
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  it('is gone after stop, even for a connection that was kept open', async () => {
    const server = await startHealthServer({ port: 0, health: () => READY });
    await (await fetch(server.url)).json();
    await server.stop();
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('refuses to start on a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(startHealthServer({ port, health: () => READY })).rejects.toThrow(/EADDRINUSE/);
    await new Promise((resolve) => other.close(resolve));
  });
});
