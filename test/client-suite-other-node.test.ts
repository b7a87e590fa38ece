import { build } from 'esbuild';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerControl, controlOf } from './client-suite/control.ts';
import { SCENARIOS, type ScenarioName } from './client-suite/scenarios.ts';
import { otherNode } from './helpers/other-node.ts';
import { useStack } from './helpers/stack.ts';

/* The client while things go wrong, bundled, in the oldest Node.js that it runs in: one without a WebSocket, for which there is `ws`. */

const stackOf = useStack({
  webui: { arguments: ['--profile', 'demo'] },
  config: { api: { maxActiveTasksPerOwner: 500 } },
});

const NAMES = Object.keys(SCENARIOS) as ScenarioName[];

interface FromChild {
  readonly version?: string;
  readonly call?: number;
  readonly name?: string;
  readonly args?: readonly unknown[];
  readonly done?: true;
  readonly failed?: string;
}

// Inside the repository, where its packages are found.
const script = join(import.meta.dirname, `../node_modules/.cache/client-suite-${process.pid}.mjs`);

const node = otherNode();

describe(`in ${node.name}`, () => {
  let child: ChildProcess;
  beforeAll(async () => {
    await build({
      entryPoints: [join(import.meta.dirname, 'client-suite/child.ts')],
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      outfile: script,
    });
    child = fork(script, { execPath: node.path });
    const [{ version }] = (await once(child, 'message')) as [FromChild];
    expect(version).toMatch(node.version);
  });
  afterAll(async () => {
    child.kill();
    await rm(script);
  });

  it.each(NAMES)('%s', { timeout: 60_000 }, async (name) => {
    const control = controlOf(stackOf());
    const { urls, apiKey = '' } = stackOf();
    const ended = new Promise<string | undefined>((resolve) => {
      const onMessage = ({ call, name: asked = '', args = [], done, failed }: FromChild): void => {
        if (call !== undefined) {
          answerControl(control, asked, args).then(
            (value) => child.send({ answer: { call, value } }),
            (error: unknown) => child.send({ answer: { call, error: String(error) } }),
          );
        }
        if (!done && failed === undefined) return;
        child.off('message', onMessage);
        resolve(failed);
      };
      child.on('message', onMessage);
    });
    child.send({ run: { name, endpoint: urls.graphql, apiKey } });
    expect(await ended).toBeUndefined();
  });
});
