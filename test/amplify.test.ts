import { createAmplifyContext } from 'aws-amplify';
import { generateClient } from 'aws-amplify/api';
import { Hub } from 'aws-amplify/utils';
import tls from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LocalStack } from '../local/stack.ts';
import { useStack } from './helpers/stack.ts';

/*
 * An unmodified aws-amplify: configured as its documentation says, with an `http://` endpoint, for which it opens its socket
 * with `wss://`. All it needs is to trust the stack's certificate.
 */

const stackOf = useStack();

beforeAll(() => {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), stackOf().certificate]);
});

type Mode = 'apiKey' | 'userPool' | 'iam';

const FIELDS = 'id owner status version isTerminal images { url width }';
const SUBMIT = /* GraphQL */ `mutation Submit($input: SubmitTaskInput!) { submitTask(input: $input) { ${FIELDS} } }`;
const GET = /* GraphQL */ `query Get($id: ID!) { task(id: $id) { ${FIELDS} } }`;
const WATCH = /* GraphQL */ `subscription Watch { onTaskUpdated { ${FIELDS} } }`;

interface Task {
  readonly id: string;
  readonly owner: string;
  readonly status: string;
  readonly isTerminal: boolean;
  readonly images: readonly { readonly url: string; readonly width: number }[] | null;
}

/** As much of Amplify's client as is used here: its own type is too deep for the compiler to carry around. */
interface AmplifyClient {
  readonly graphql: (options: { readonly query: string; readonly variables?: object }) => unknown;
}

const configure = (stack: LocalStack, mode: Mode): AmplifyClient => {
  const { graphql: endpoint } = stack.urls;
  const api = { endpoint, region: stack.region, defaultAuthMode: mode };
  const key = stack.accessKey('amplify');
  const providers = {
    tokenProvider: {
      getTokens: async () => {
        const token = await stack.token({ sub: 'ann' });
        return { accessToken: { payload: { sub: 'ann' }, toString: () => token } };
      },
    },
    credentialsProvider: {
      getCredentialsAndIdentityId: () =>
        Promise.resolve({
          credentials: { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey },
        }),
      clearCredentialsAndIdentityId: () => undefined,
    },
  };
  const context =
    mode === 'apiKey'
      ? createAmplifyContext({
          API: { GraphQL: { ...api, defaultAuthMode: 'apiKey', apiKey: stack.apiKey ?? '' } },
        })
      : createAmplifyContext({ API: { GraphQL: api } }, { Auth: providers });
  return generateClient(context) as unknown as AmplifyClient;
};

const OWNERS: Readonly<Record<Mode, string>> = {
  apiKey: 'key:default',
  userPool: 'user:ann',
  iam: 'iam:amplify',
};

interface Watching {
  readonly subscribe: (observer: {
    next: (message: { data: { onTaskUpdated: Task } }) => void;
    error: (error: unknown) => void;
  }) => { unsubscribe: () => void };
}

/** Resolves when the server has acknowledged the next subscription. */
const nextAck = (): Promise<void> =>
  new Promise((resolve) => {
    const stop = Hub.listen('api', ({ payload }) => {
      if (payload.event !== 'Subscription ack') return;
      stop();
      resolve();
    });
  });

/** Collects what is pushed until a task has ended. */
const watchUntilEnd = (client: AmplifyClient): { tasks: Task[]; ended: Promise<Task> } => {
  const tasks: Task[] = [];
  const ended = new Promise<Task>((resolve, reject) => {
    const watching = client.graphql({ query: WATCH }) as Watching;
    const subscription = watching.subscribe({
      next: ({ data }) => {
        tasks.push(data.onTaskUpdated);
        if (!data.onTaskUpdated.isTerminal) return;
        subscription.unsubscribe();
        resolve(data.onTaskUpdated);
      },
      error: reject,
    });
  });
  return { tasks, ended };
};

describe.each<Mode>(['apiKey', 'userPool', 'iam'])('aws-amplify in mode %s', (mode) => {
  it('submits, is pushed the end with an image, and reads the same task', async () => {
    const stack = stackOf();
    const client = configure(stack, mode);
    const acknowledged = nextAck();
    const { tasks, ended } = watchUntilEnd(client);
    await acknowledged;
    const input = { txt2img: { prompt: `for ${mode}`, width: 64, height: 64, steps: 2 } };
    const submitted = (await client.graphql({ query: SUBMIT, variables: { input } })) as {
      data: { submitTask: Task };
    };
    const { id, owner } = submitted.data.submitTask;
    expect(owner).toBe(OWNERS[mode]);

    const task = await ended;
    expect(task).toMatchObject({ id, status: 'SUCCEEDED', images: [{ width: 64 }] });
    expect(new Set(tasks.map((one) => one.id))).toEqual(new Set([id]));
    expect((await fetch(task.images?.[0]?.url ?? '')).headers.get('content-type')).toBe('image/png');

    const read = (await client.graphql({ query: GET, variables: { id } })) as { data: { task: Task } };
    expect(read.data.task).toEqual(task);
  });
});

describe('aws-amplify where it may not', () => {
  it('rejects with the typed error of the API', async () => {
    const client = configure(stackOf(), 'apiKey');
    const input = { txt2img: { prompt: 'x', width: 513 } };
    await expect(client.graphql({ query: SUBMIT, variables: { input } })).rejects.toMatchObject({
      errors: [{ errorType: 'VALIDATION', errorInfo: { field: 'txt2img.width' }, path: ['submitTask'] }],
    });
  });
});
