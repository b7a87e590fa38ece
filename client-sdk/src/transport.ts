import { createAmplifyContext } from 'aws-amplify';
import { generateClient } from 'aws-amplify/api';
import { Hub } from 'aws-amplify/utils';
import { ApiError, toApiError } from './errors.ts';
import {
  CancelTask,
  GetTask,
  ListTasks,
  OnTaskUpdated,
  SubmitTask,
  type ListTasksQueryVariables,
  type SubmitTaskInput,
  type TaskFieldsFragment,
} from './operations.generated.ts';

/** One of the three ways in. Functions are asked anew for every call, so they can refresh what they hand out. */
export type Auth =
  | { readonly apiKey: string }
  /** A user pool's access token. */
  | { readonly token: () => string | Promise<string> }
  /** Signs every call with Signature Version 4. */
  | { readonly credentials: () => AwsCredentials | Promise<AwsCredentials> };

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface TransportOptions {
  /** URL of the GraphQL endpoint. */
  readonly endpoint: string;
  readonly auth: Auth;
  /** Read from the endpoint's name unless told; us-east-1 where that does not tell. */
  readonly region?: string;
}

export interface Page {
  readonly items: readonly TaskFieldsFragment[];
  readonly nextToken: string | null;
}

/** The API's operations, each answered or thrown as `ApiError`. */
export interface Transport {
  readonly submit: (input: SubmitTaskInput) => Promise<TaskFieldsFragment>;
  readonly cancel: (id: string) => Promise<TaskFieldsFragment>;
  readonly get: (id: string) => Promise<TaskFieldsFragment | null>;
  readonly list: (variables: ListTasksQueryVariables) => Promise<Page>;
  readonly subscribe: (id: string, listener: SubscriptionListener) => () => void;
}

export interface SubscriptionListener {
  readonly onTask: (task: TaskFieldsFragment) => void;
  /** The subscription stands, for the first time or again: what was said before may have been missed. */
  readonly onStart: () => void;
  /** Nothing may come until it stands again, which can take minutes. It may be some other client's that was lost. */
  readonly onLost: () => void;
  /** It was ended from the other side; another one is opened in a while. Whether that can help, a query tells. */
  readonly onEnd: () => void;
  /** None can be had at all. */
  readonly onError: (error: ApiError) => void;
}

interface HubData {
  readonly variables?: { readonly id?: unknown };
  readonly connectionState?: string;
}

/** Of Amplify's names for the state of a socket, those of one that needs no help. */
const ALIVE = new Set(['Connecting', 'Connected', 'ConnectedPendingDisconnect']);

const RETRY_DELAYS_MS = [500, 1000, 2000];

const PATIENCE = {
  /** Before a subscription that was ended is opened anew. */
  renewMs: 5000,
  /** AppSync answers within 30 s, or says that it can't. A connection that died without a word says nothing. */
  answerMs: 40_000,
};

export const createTransport = (options: TransportOptions, patience = PATIENCE): Transport => {
  const context = createAmplifyContext(...toAmplifyConfig(options));
  const client = generateClient(context);

  const ask = <T>(call: () => Promise<T>): Promise<T> => retried(call, patience.answerMs);

  return {
    submit: (input) =>
      ask(async () => (await client.graphql({ query: SubmitTask, variables: { input } })).data.submitTask),
    cancel: (id) =>
      ask(async () => (await client.graphql({ query: CancelTask, variables: { id } })).data.cancelTask),
    get: (id) => ask(async () => (await client.graphql({ query: GetTask, variables: { id } })).data.task),
    list: (variables) => ask(async () => (await client.graphql({ query: ListTasks, variables })).data.tasks),

    subscribe: (id, { onTask, onStart, onLost, onEnd, onError }) => {
      let stopped = false;
      let renewal: ReturnType<typeof setTimeout> | undefined;
      let unsubscribe: () => void = () => undefined;
      // Amplify tells of acknowledged subscriptions, first ones and renewed ones, and of sockets over its hub alone.
      const stopListening = Hub.listen('api', ({ payload }) => {
        const { variables, connectionState } = (payload.data ?? {}) as HubData;
        if (payload.event === 'Subscription ack' && variables?.id === id) onStart();
        if (payload.event === 'ConnectionStateChange' && !ALIVE.has(connectionState ?? '')) onLost();
      });
      const open = async (): Promise<void> => {
        await ensureWebSocket();
        if (stopped) return;
        const subscription = client.graphql({ query: OnTaskUpdated, variables: { id } }).subscribe({
          next: ({ data }) => {
            if (data.onTaskUpdated) onTask(data.onTaskUpdated);
          },
          // Amplify gives up what it once started twice on a renewed socket (DuplicatedOperationError), among others.
          error: () => {
            if (stopped) return;
            renewal = setTimeout(tryToOpen, patience.renewMs);
            onEnd();
          },
        });
        unsubscribe = () => subscription.unsubscribe();
      };
      const tryToOpen = (): void => void open().catch((error: unknown) => onError(toApiError(error)));
      tryToOpen();
      return () => {
        stopped = true;
        clearTimeout(renewal);
        stopListening();
        unsubscribe();
      };
    },
  };
};

/** Amplify repeats a call that was answered with 5xx; this repeats one that was not answered, or failed inside. */
const retried = async <T>(call: () => Promise<T>, answerMs: number): Promise<T> => {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await within(call(), answerMs);
    } catch (thrown) {
      const error = toApiError(thrown);
      const delayMs = RETRY_DELAYS_MS[attempt];
      if (!error.isRetryable || delayMs === undefined) throw error;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
};

const within = <T>(answer: Promise<T>, ms: number): Promise<T> =>
  new Promise((resolve, reject) => {
    const silence = new ApiError('NETWORK', `No answer came within ${ms / 1000} s.`);
    const timer = setTimeout(() => reject(silence), ms);
    void answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });

/** Node.js has a WebSocket of its own from 22 on. */
const ensureWebSocket = async (): Promise<void> => {
  if (typeof WebSocket !== 'undefined') return;
  try {
    const { WebSocket: fromPackage } = await import('ws');
    Object.assign(globalThis, { WebSocket: fromPackage });
  } catch (cause) {
    throw new ApiError(
      'NETWORK',
      'This runtime has no WebSocket: install the package "ws", or use Node.js 22 or later.',
      {
        cause,
      },
    );
  }
};

/**
 * Amplify opens its socket with `wss:` where the endpoint begins with `http:`. The comparison is case-sensitive and a URL's
 * scheme is not, so this keeps a loopback endpoint on plain `ws:`.
 */
export const toAmplifyEndpoint = (endpoint: string): string =>
  endpoint.replace(/^http:(?=\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])/, 'HTTP:');

type AmplifyConfig = Parameters<typeof createAmplifyContext>;

const toAmplifyConfig = ({ endpoint, auth, region }: TransportOptions): AmplifyConfig => {
  const graphql = {
    endpoint: toAmplifyEndpoint(endpoint),
    region: region ?? /\.appsync-api\.([a-z0-9-]+)\./.exec(endpoint)?.[1] ?? 'us-east-1',
  };
  if ('apiKey' in auth)
    return [{ API: { GraphQL: { ...graphql, defaultAuthMode: 'apiKey', apiKey: auth.apiKey } } }];
  if ('token' in auth) {
    const getTokens = async () => ({ accessToken: toJwt(await auth.token()) });
    return [
      { API: { GraphQL: { ...graphql, defaultAuthMode: 'userPool' } } },
      { Auth: { tokenProvider: { getTokens } } },
    ];
  }
  const credentialsProvider = {
    getCredentialsAndIdentityId: async () => ({ credentials: await auth.credentials() }),
    clearCredentialsAndIdentityId: () => undefined,
  };
  return [{ API: { GraphQL: { ...graphql, defaultAuthMode: 'iam' } } }, { Auth: { credentialsProvider } }];
};

/** Amplify sends what `toString` gives; it has no need of the claims. */
const toJwt = (token: string) => ({ payload: {}, toString: () => token });
