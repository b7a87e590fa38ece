import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
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

/** What the children find in their environment beside that. */
const environment: Record<string, string> = {};
const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, ['client-sdk/src/cli/main.ts', ...args], {
    env: { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: folder, ...environment },
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

/** With that on its standard input. */
const sdAsyncReading = (input: string, ...args: string[]) => {
  const child = start(...args, '--stack-port', new URL(stackOf().urls.graphql).port);
  child.stdin?.end(input);
  return endOf(child);
};

/** Until it has said where it is. */
const serveOnce = (...args: string[]) => {
  const front = start('serve', '--port', '0', ...args);
  front.stdout?.once('data', () => front.kill('SIGINT'));
  return endOf(front);
};

const config = (...args: string[]) => endOf(start('config', ...args));

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

  it('tells how busy a pool is, once somebody has looked', async () => {
    await stackOf().tick('FleetScaler');
    const told = await sdAsync('queue');
    expect(told).toMatchObject({ code: 0, said: '' });
    expect(told.out).toMatch(
      /^pool {9}default\nwaiting {6}\d+\n[^]*\nnew task {5}would start .*\nas of {8}2/,
    );
    const { code, out } = await sdAsync('queue', 'default', '--json');
    expect([code, out.trim().split('\n').length]).toEqual([0, 1]);
    expect(JSON.parse(out)).toMatchObject({ pool: 'default', instances: { desired: 1 } });

    expect(await sdAsync('queue', 'nowhere', '--json')).toMatchObject({
      ...{ code: 2, out: '' },
      said: 'sd-async: Nothing is known of a pool "nowhere": there is none, or nobody has looked yet\n',
    });
    expect((await sdAsync('queue', 'default', 'nowhere')).code).toBe(2);
    expect((await endOf(start('--help'))).out).toMatch(/^ {2}queue {5}\w/m);
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

  it('leaves at once when it is interrupted a second time, canceled or not', async () => {
    const { faults, urls } = stackOf();
    const { port } = new URL(urls.graphql);
    const lift = faults.inject({ calls: ['AppSync.cancelTask'], fault: { kind: 'silent' } });
    const child = start('txt2img', 'a', '--steps', '150', '--batch-size', '4', '--stack-port', port);
    let seen = '';
    const { code, said } = await endOf(child, (text) => {
      const now = text.slice(seen.length);
      seen = text;
      // Again with every line of progress: what comes within a quarter of a second is the same press.
      if (now.includes('RUNNING')) child.kill('SIGINT');
    });
    expect([code, child.signalCode]).toEqual([130, null]);
    expect(said).toContain('\ncanceling; once more to leave at once\n');
    expect(faults.met()).toMatchObject({ 'silent AppSync.cancelTask': 1 });
    const [, id = ''] = /^task (\S+)/.exec(said) ?? [];
    const user = userOf(stackOf(), 'cli');
    expect((await user.get(id))?.status).toBe('RUNNING');
    lift();
    await user.cancel(id);
  });

  it('submits once more what has ended', async () => {
    const id = (await sdAsync('txt2img', 'a', ...SMALL, '--seed', '9', '--detach')).out.trim();
    expect((await sdAsync('watch', id, '--out', folder)).code).toBe(0);
    const { code, out } = await sdAsync('retry', id, '--out', join(folder, 'again'), '--json');
    const result = JSON.parse(out) as { id: string; retryOf: string; images: { file: string }[] };
    expect(code).toBe(0);
    expect(result).toMatchObject({ retryOf: id, images: [{ file: join(folder, 'again', 'seed-9.png') }] });
    expect(result.id).not.toBe(id);

    expect(await sdAsync('retry')).toMatchObject({ code: 2, said: expect.stringContaining('id is missing') });
    const stranger = await sdAsync('retry', '11111111-1111-4111-8111-111111111111');
    expect(stranger).toMatchObject({ code: 2, out: '', said: expect.stringContaining('There is no task') });
  });

  it('cancels a retry that was not answered when it was interrupted', async () => {
    const { faults, urls } = stackOf();
    const user = userOf(stackOf(), 'cli');
    const { id } = await user.txt2img({ prompt: 'a', steps: 150, batchSize: 4 });
    await user.cancel(id);
    await expect(user.task(id).result()).rejects.toMatchObject({ code: 'CANCELED' });

    faults.inject({ calls: ['AppSync.retryTask'], fault: { kind: 'slow', ms: 1000 }, times: 1 });
    const child = start('retry', id, '--stack-port', new URL(urls.graphql).port);
    const ended = endOf(child);
    await expect.poll(faults.met, { timeout: 10_000 }).toMatchObject({ 'slow AppSync.retryTask': 1 });
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, said: 'canceling; once more to leave at once\n' });
    const { value: newest } = await user.tasks({ limit: 1 }).next();
    expect(newest).toMatchObject({ retryOf: id, status: expect.stringMatching(/^CANCEL(ING|ED)$/) });
  });

  it('reads a prompt, and an input, from standard input where that is a dash', async () => {
    const prompted = await sdAsyncReading(
      'a lighthouse\n',
      'txt2img',
      '-',
      ...SMALL,
      '--out',
      folder,
      '--json',
    );
    const { id, images } = JSON.parse(prompted.out) as { id: string; images: { file: string }[] };
    const task = await userOf(stackOf(), 'cli').get(id);
    expect(task?.images?.[0]?.infotext).toMatch(/^a lighthouse\nSteps: 2,/);
    const [{ file } = { file: '' }] = images;
    const changed = await sdAsyncReading('a boat', 'img2img', file, '-', ...SMALL, '--detach');
    expect(changed).toMatchObject({ code: 0, said: '' });

    const request = { txt2img: { prompt: 'a', width: 64, height: 64, steps: 2, seed: 10 } };
    const submitted = await sdAsyncReading(JSON.stringify(request), 'submit', '-', '--out', folder);
    expect(submitted).toMatchObject({ code: 0, out: `${join(folder, 'seed-10.png')}\n` });

    expect(await sdAsyncReading(' \n', 'txt2img', '-')).toMatchObject({
      code: 2,
      said: 'sd-async: The prompt is missing: sd-async txt2img "a lighthouse"\n',
    });
    const broken = await sdAsyncReading('{"txt2img":', 'submit', '-');
    expect(broken).toMatchObject({ code: 2, out: '', said: expect.stringContaining('The input is no JSON') });
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
    const listed = await config();
    expect(listed.out).toContain(`* home          ${graphql}`);
    const refused = await endOf(start('list'));
    expect(refused.code).toBe(3);
    expect(listed.out + listed.said + refused.said).not.toContain('da2-wrong');
  });

  it('uses the endpoint of the name that it was told to use, until that is removed', async () => {
    const { graphql } = stackOf().urls;
    const key = stackOf().apiKey ?? '';
    await config('set', 'near', '--endpoint', graphql, '--api-key', key);
    await config('set', 'away', '--endpoint', 'http://127.0.0.1:1/graphql', '--api-key', 'da2-away');

    expect(await config('use', 'near')).toMatchObject({ code: 0, out: '' });
    expect((await endOf(start('list'))).code).toBe(0);
    expect(
      (await config('list', '--json')).out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toContainEqual({ name: 'near', endpoint: graphql, auth: 'apiKey', isCurrent: true });
    const unknown = await config('use', 'nowhere');
    expect(unknown).toMatchObject({ code: 2, said: expect.stringContaining('no profile "nowhere"') });

    const removed = await config('remove', 'near');
    expect(removed).toMatchObject({ code: 0, said: expect.stringContaining('local is the current profile') });
    const listed = (await config()).out;
    expect(listed).toMatch(/^\* local /m);
    expect(listed).toContain('  away ');
    expect(listed).not.toContain('near');
    expect((await endOf(start('list', '--profile', 'near'))).code).toBe(2);
    const path = join(folder, 'sd-async', 'config.json');
    expect(await readFile(path, 'utf8')).not.toContain(key);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("keeps a user's token, and the command that prints one, and shows neither", async () => {
    const { graphql } = stackOf().urls;
    const token = await stackOf().token({ sub: 'ann' });
    const { id } = await userOf(stackOf(), 'ann').txt2img({ prompt: 'a', width: 64, height: 64, steps: 2 });
    const child = start('config', 'set', 'ann', '--endpoint', graphql, '--token', '-');
    child.stdin?.end(`${token}\n`);
    const kept = await endOf(child);
    const listed = await endOf(start('list', '--profile', 'ann'));
    expect(listed).toMatchObject({ code: 0, out: expect.stringContaining(id) });

    // Its first token is no good, as if it had been kept for too long.
    const [first, next] = [join(folder, 'first'), join(folder, 'next')];
    await Promise.all([writeFile(first, 'eyJ.old.token\n'), writeFile(next, token)]);
    const command = `cat '${first}' && cp '${next}' '${first}'`;
    await config('set', 'ann-sso', '--endpoint', graphql, '--token-command', command);
    const again = await endOf(start('list', '--profile', 'ann-sso'));
    expect(again).toMatchObject({ code: 0, out: listed.out });
    await rm(next);
    const refused = await endOf(start('list', '--profile', 'ann-sso'));
    expect(refused).toMatchObject({ code: 3, said: expect.stringContaining('its command ended with 1') });

    const shown = await config();
    expect(shown.out).toContain(`ann           ${graphql}  (token)`);
    expect(shown.out).toContain(`ann-sso       ${graphql}  (token of a command)`);
    for (const { out, said } of [kept, shown, listed, again, refused])
      for (const secret of [token, 'cat ']) expect(out + said).not.toContain(secret);
  });

  it('signs as whoever the AWS tools are, and serves that way too', async () => {
    const { urls, region } = stackOf();
    const { accessKeyId, secretAccessKey } = stackOf().accessKey('cli-signer');
    Object.assign(environment, { AWS_EC2_METADATA_DISABLED: 'true' });
    await config('set', 'signer', '--endpoint', urls.graphql, '--iam', '--region', region);
    expect(await endOf(start('list', '--profile', 'signer'))).toMatchObject({
      code: 3,
      said: expect.stringContaining('There are no credentials to be had'),
    });
    Object.assign(environment, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
    const made = await endOf(
      start('txt2img', 'a', ...SMALL, '--out', folder, '--json', '--profile', 'signer'),
    );
    expect(made.code).toBe(0);
    const { id } = JSON.parse(made.out) as { id: string };
    expect((await stackOf().inspect.task(id))?.owner).toMatch(/^iam:.*cli-signer/);

    await config('use', 'signer');
    expect(await serveOnce()).toMatchObject({ code: 0, out: expect.stringContaining(urls.graphql) });
  });

  it('serves the profile that it is told to, whichever is the current one', async () => {
    const { urls, apiKey = '' } = stackOf();
    await config('set', 'served', '--endpoint', urls.graphql, '--api-key', apiKey);
    await config('set', 'elsewhere', '--endpoint', 'http://127.0.0.1:1/graphql', '--api-key', 'da2-x');
    await config('use', 'elsewhere');
    const served = await serveOnce('--profile', 'served');
    expect(served).toMatchObject({ code: 0, out: expect.stringContaining(urls.graphql) });

    expect(await serveOnce('--profile', 'nowhere', '--cancel-after', 'soon')).toMatchObject({
      ...{ code: 2, out: '' },
      said: expect.stringMatching(/--cancel-after .*: soon; There is no profile "nowhere"/) as string,
    });
    const both = await serveOnce('--profile', 'served', '--endpoint', urls.graphql);
    expect(both).toMatchObject({ code: 2, said: expect.stringContaining('give no other') });
    expect(await serveOnce('--json')).toMatchObject({ code: 2, said: expect.stringContaining('--json') });
    const [help, overview] = [await endOf(start('serve', '--help')), await endOf(start('--help'))];
    expect(help.out).toContain('--profile NAME');
    expect(help.out).not.toContain('--json');
    expect(overview.out).toMatch(/but serve has no --json/);
  });
});
