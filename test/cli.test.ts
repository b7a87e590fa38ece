import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userOf, useStack } from './helpers/stack.ts';

/* The command `sd-async` as a shell runs it. */

const stackOf = useStack({ instances: 1, webui: { arguments: ['--profile', 'demo'] } });
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-async-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, ['client-sdk/src/cli/main.ts', ...args], {
    env: { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: folder },
  });

const endOf = async (child: ChildProcess, onSay: (said: string) => void = () => undefined) => {
  let [out, said] = ['', ''];
  child.stdout?.on('data', (chunk) => (out += String(chunk)));
  child.stderr?.on('data', (chunk) => onSay((said += String(chunk))));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, said };
};

const sdAsync = (...args: string[]) =>
  endOf(start(...args, '--stack-port', new URL(stackOf().urls.graphql).port));

const SMALL = ['--width', '64', '--height', '64', '--steps', '2'];

describe('the command line', () => {
  it('saves the image that the task has made, and tells a script where', async () => {
    const { code, out, said } = await sdAsync(
      'txt2img',
      'a',
      ...SMALL,
      '--seed',
      '7',
      '--out',
      folder,
      '--json',
    );
    const result = JSON.parse(out) as { id: string; images: { file: string; sha256: string }[] };
    expect([code, out.trim().split('\n').length]).toEqual([0, 1]);
    expect(said).toContain('SUCCEEDED');
    const [image] = result.images;
    expect(image?.file).toBe(join(folder, 'seed-7.png'));
    const task = await userOf(stackOf(), 'cli').get(result.id);
    const bytes = await readFile(image?.file ?? '');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(task?.images?.[0]?.sha256);
  });

  it('leaves at once when told to, and lists, watches and cancels by the id', async () => {
    const id = (await sdAsync('txt2img', 'a', ...SMALL, '--seed', '8', '--detach')).out.trim();
    const watched = await sdAsync('watch', id, '--out', folder);
    expect(watched).toMatchObject({ code: 0, out: `${join(folder, 'seed-8.png')}\n` });
    expect((await sdAsync('list', '--limit', '1')).out).toMatch(new RegExp(`^${id} .* SUCCEEDED\n$`));
    expect((await sdAsync('models')).out).toContain('CHECKPOINT');
    const slow = ['--steps', '150', '--batch-size', '4', '--detach'];
    const other = (await sdAsync('txt2img', 'a', ...slow)).out.trim();
    expect((await sdAsync('cancel', other)).out).toMatch(new RegExp(`^${other} .* (CANCELING|CANCELED)`));
    expect((await sdAsync('watch', other)).code).toBe(1);
  });

  it('cancels on the server when it is interrupted', async () => {
    const { port } = new URL(stackOf().urls.graphql);
    const child = start('txt2img', 'a', '--steps', '150', '--batch-size', '4', '--stack-port', port);
    let isSent = false;
    const { code, said } = await endOf(child, (text) => {
      if (!isSent && text.includes('RUNNING')) isSent = child.kill('SIGINT');
    });
    expect(code).toBe(130);
    const [, id = ''] = /^task (\S+)/.exec(said) ?? [];
    expect((await userOf(stackOf(), 'cli').get(id))?.status).toBe('CANCELED');
  });

  it('says what is wrong with what it was given, and shows no trace of its own', async () => {
    const refused = await sdAsync('txt2img', 'a', '--width', '65');
    expect(refused).toMatchObject({
      code: 2,
      out: '',
      said: 'sd-async: txt2img.width: must be a multiple of 8\n',
    });
    expect(await endOf(start('paint'))).toMatchObject({
      code: 2,
      said: 'sd-async: There is no command "paint"; sd-async --help lists them\n',
    });
    // Nobody listens on the port of tcpmux.
    const away = await endOf(start('list', '--stack-port', '1'));
    expect(away.code).toBe(4);
    expect(away.said).toContain('is the stack running (npm start)?');
  });

  it('keeps an endpoint under a name, and never shows its key', async () => {
    const { graphql } = stackOf().urls;
    const child = start('config', 'set', 'home', '--endpoint', graphql, '--api-key', '-');
    child.stdin?.end('da2-wrong\n');
    expect((await endOf(child)).code).toBe(0);
    const listed = await endOf(start('config'));
    expect(listed.out).toContain(`* home          ${graphql}`);
    const refused = await endOf(start('list'));
    expect(refused.code).toBe(3);
    expect(listed.out + listed.said + refused.said).not.toContain('da2-wrong');
  });
});
