import { CfnResource, Duration } from 'aws-cdk-lib';
import { LifecycleTransition, type AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import { type CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { type StringParameter } from 'aws-cdk-lib/aws-ssm';
import { connect } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startLocalStack, type LocalStack, type LocalStackOptions } from '../local/stack.ts';
import { readIdentity } from '../worker/fleet/identity.ts';
import { clientOf, post } from './helpers/stack.ts';

/* The stack itself: that it runs what infra/ says, keeps what it is told to keep, and leaves nothing behind. */

const running: LocalStack[] = [];
const start = async (options: LocalStackOptions = {}): Promise<LocalStack> => {
  const stack = await startLocalStack({
    instances: 0,
    webui: { arguments: ['--profile', 'instant'] },
    ...options,
  });
  running.push(stack);
  return stack;
};
afterEach(async () => {
  await Promise.all(running.splice(0).map((stack) => stack.stop()));
});

const isListening = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('what is changed in infra/ alone', () => {
  it('reaches the environment of the Lambda and of the workers', async () => {
    const stack = await start({
      configure: ({ handler, workers: [workers], tasks }) => {
        handler.fn.addEnvironment('GREETING', `hello from ${tasks.table.tableName}`);
        const parameter = workers?.node.findChild('Environment') as StringParameter;
        const cfn = parameter.node.defaultChild as CfnResource;
        cfn.addPropertyOverride('Value', '{"LOG_LEVEL": "debug", "SD_WEBUI_URL": "http://127.0.0.1:1"}');
      },
    });
    const { workers, ...functions } = stack.inspect.environments();
    const handler = Object.entries(functions).find(([name]) => name.includes('Handler'))?.[1];
    expect(handler?.GREETING).toBe(`hello from ${stack.inspect.names.table}`);
    expect(workers).toEqual({ LOG_LEVEL: 'debug', SD_WEBUI_URL: 'http://127.0.0.1:1' });
  });

  it('changes what runs: a function that lacks a variable serves nobody, and does not say why', async () => {
    const stack = await start({
      configure: ({ handler }) => {
        const cfn = handler.fn.node.defaultChild as CfnFunction;
        cfn.addPropertyDeletionOverride('Environment.Variables.TASKS_TABLE');
      },
    });
    const { data, errors } = await post(stack, {
      query: 'mutation { submitTask(input: {txt2img: {prompt: "x"}}) { id } }',
    });
    expect(data).toBeNull();
    expect(errors[0]?.errorType).toBe('INTERNAL');
    expect(JSON.stringify(errors)).not.toContain('TASKS_TABLE');
  });

  it('takes the API key away', async () => {
    const stack = await start({ config: { api: { apiKey: false } } });
    expect(stack.apiKey).toBeUndefined();
    const { status } = await post(stack, { query: '{ tasks { nextToken } }' }, { 'x-api-key': 'da2-any' });
    expect(status).toBe(401);
  });

  it('decides how many instances there are', async () => {
    const stack = await startLocalStack({
      config: { workers: { minCapacity: 2 } },
      webui: { arguments: ['--profile', 'instant'] },
    });
    running.push(stack);
    expect(stack.inspect.instances()).toHaveLength(2);
  });

  it('decides what is launched; when its bounds change and who is told of alarms is no matter here', async () => {
    const instanceTypes = ['g6.xlarge', 'g5.xlarge'];
    const schedules = [{ name: 'morning', cron: '0 8 * * *', minCapacity: 2 }];
    const stack = await start({
      instances: 1,
      bootMs: 300,
      config: { workers: { instanceTypes, schedules }, alarms: { email: 'ops@example.com' } },
    });
    const launchedBy = Date.now();
    // Nobody has waited for its boot.
    expect(stack.inspect.instances()).toEqual([]);
    expect(stack.fleet.describe().members).toMatchObject([
      { instanceType: 'g6.xlarge', lifecycleState: 'Pending:Wait' },
    ]);
    const instance = await vi.waitFor(() => {
      const [booted] = stack.inspect.instances();
      if (!booted) throw new Error('It has not booted');
      return booted;
    }, 10_000);
    const identity = await readIdentity({ endpoint: instance.metadata.url, fetch });
    expect(identity?.instanceType).toBe('g6.xlarge');
    expect(Date.parse(identity?.pendingTime ?? '')).toBeLessThanOrEqual(launchedBy);
  });

  it('decides what an instance waits for, wherever a hook stands', async () => {
    const hook = { lifecycleHookName: 'late', heartbeatTimeout: Duration.seconds(60) };
    const launching = LifecycleTransition.INSTANCE_LAUNCHING;
    const stack = await start({
      configure: ({ workers: [workers] }) => {
        const group = workers?.group as AutoScalingGroup;
        const cfn = group.node.defaultChild as CfnResource;
        cfn.addPropertyDeletionOverride('LifecycleHookSpecificationList.0');
        group.addLifecycleHook('Late', { ...hook, lifecycleTransition: launching });
      },
    });
    expect(stack.fleet.describe().hooks).toEqual({
      launching: { name: 'late', heartbeatSeconds: 60, defaultResult: 'ABANDON' },
      terminating: { name: 'drain', heartbeatSeconds: 600, defaultResult: 'CONTINUE' },
    });
    const configure: LocalStackOptions['configure'] = ({ workers: [workers] }) => {
      workers?.group.addLifecycleHook('Second', { ...hook, lifecycleTransition: launching });
    };
    await expect(start({ configure })).rejects.toThrow(/one named hook for each transition, so not late/);
  });

  it('is refused by name where it can neither be run nor left out', async () => {
    const configure: LocalStackOptions['configure'] = (stack) => {
      new CfnResource(stack, 'Stranger', { type: 'AWS::Neptune::DBCluster' });
    };
    await expect(start({ configure })).rejects.toThrow(/Stranger \(AWS::Neptune::DBCluster\)/);
  });
});

describe('a folder for data', () => {
  it('keeps tasks, images and tokens over a restart', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sd-async-data-'));
    try {
      const first = await start({ dataDir, instances: 1 });
      const token = await first.token({ sub: 'ann' });
      const auth = { token: () => token };
      const task = await clientOf(first, auth).run({
        txt2img: { prompt: 'kept', width: 64, height: 64, steps: 1 },
      });
      await first.stop();
      const second = await start({ dataDir });
      const found = await clientOf(second, auth).get(task.id);
      expect(found).toMatchObject({ status: 'SUCCEEDED', version: task.version });
      expect((await fetch(found?.images?.[0]?.url ?? '')).status).toBe(200);
    } finally {
      await Promise.all(running.splice(0).map((stack) => stack.stop()));
      rmSync(dataDir, { recursive: true });
    }
  });
});

describe('stop', () => {
  it('leaves no port and no process behind, even when a task is being worked on', async () => {
    const stack = await start({ instances: 2, webui: { arguments: ['--profile', 'demo'] } });
    const handle = await clientOf(stack).submit({
      txt2img: { prompt: 'never finished', width: 64, height: 64, steps: 150 },
    });
    for await (const { status } of handle.updates()) if (status === 'RUNNING') break;
    handle.close();
    const pids = stack.inspect.instances().flatMap(({ worker }) => worker.pid ?? []);
    const urls = [stack.urls.graphql, stack.urls.cdn, stack.urls.aws];
    const webuis = stack.inspect.instances().map(({ webuiUrl }) => webuiUrl);
    expect(await Promise.all([...urls, ...webuis].map(isListening))).toEqual([true, true, true, true, true]);
    expect(pids.map(isAlive)).toEqual([true, true]);
    await stack.stop();
    expect(await Promise.all([...urls, ...webuis].map(isListening))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(pids.map(isAlive)).toEqual([false, false]);
  });
});
