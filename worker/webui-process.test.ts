import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createSystemClock, type Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { createWebuiRestart } from './webui-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'sd-async-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: object | undefined;
}

const start = (command: string | undefined, clock: Clock = createSystemClock()) => {
  const lines: Line[] = [];
  const at = (level: string) => (message: string, fields?: object) =>
    void lines.push({ level, message, fields });
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return { ...createWebuiRestart({ command, clock, logger }), lines };
};

/** Its time limits are over when the test says so. */
const createManualClock = () => {
  const over = Promise.withResolvers<void>();
  const clock: Clock = {
    now: () => 0,
    delay: (_ms, signal) =>
      Promise.race([
        over.promise,
        new Promise<never>((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        }),
      ]),
  };
  return { clock, over: over.resolve };
};

describe('restart', () => {
  it('runs the command with a shell', async () => {
    const file = join(folder, 'asked');
    const { restart, lines } = start(`echo yes > ${file}`);
    await restart();
    expect(readFileSync(file, 'utf8')).toBe('yes\n');
    expect(lines).toEqual([{ level: 'info', message: 'WebUI restart asked for', fields: undefined }]);
  });

  it('says so when no command is configured', async () => {
    await expect(start(undefined).restart()).rejects.toThrow(/SD_WEBUI_RESTART_COMMAND is not set/);
  });

  it('fails with the command, and leaves what it printed to the log', async () => {
    const { restart, lines } = start('echo one; echo two >&2; exit 3');
    await expect(restart()).rejects.toThrow(
      'The WebUI was not restarted: the command ended with exit code 3',
    );
    expect(lines).toMatchObject([{ level: 'error', message: 'WebUI restart command failed' }]);
    expect(lines[0]?.fields).toMatchObject({ how: 'exit code 3' });
    expect((lines[0]?.fields as { output: string }).output.split('\n').sort()).toEqual(['one', 'two']);
  });

  it('keeps only the end of a long output', async () => {
    const { restart, lines } = start('yes | head -c 100000; echo end; exit 1');
    await expect(restart()).rejects.toThrow();
    const { output } = lines[0]?.fields as { output: string };
    expect(output.length).toBeLessThanOrEqual(2000);
    expect(output).toMatch(/end$/);
  });

  it('does not wait for what the command left running', async () => {
    const { restart } = start(`sleep 60 & echo $! > ${join(folder, 'background')}`);
    await restart();
    const pid = Number(readFileSync(join(folder, 'background'), 'utf8'));
    // Alive, or this throws: the WebUI may be a child of the command's.
    process.kill(pid, 'SIGKILL');
  });

  it('ends a command that takes too long, with everything that it started', async () => {
    const started = Promise.withResolvers<Socket>();
    const server = createServer(started.resolve).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { clock, over } = createManualClock();
    const grandchild = `${process.execPath} -e "net.connect(${port}, '127.0.0.1')"`;
    const restarting = start(`${grandchild} & wait`, clock).restart();
    const gone = once(await started.promise, 'close');
    over();
    await expect(restarting).rejects.toThrow('the command ended with SIGKILL');
    await gone;
    server.close();
  });
});
