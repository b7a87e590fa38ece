/* global React, ReactDOM, GraphiQL */

const root = document.getElementById('graphiql');
const { apiKey } = root.dataset;

// As wide as the editor is on a small screen.
const EXAMPLE = `# Run Watch in this window and Submit in another:
# what is pushed appears here. Under Headers,
# {"Authorization": "…"} replaces the API key.

subscription Watch {
  onTaskUpdated {
    id
    status
    version
    progress { step steps etaSeconds }
    images { url }
    error { code message }
  }
}

mutation Submit {
  submitTask(input: { txt2img: {
    prompt: "a lighthouse at dusk, oil painting"
    steps: 20
  } }) {
    id
    status
  }
}
`;

/** What stands under Headers, with the API key unless it brings credentials of its own. */
const toHeaders = (given) =>
  Object.keys(given).some((name) => /^(authorization|x-api-key)$/i.test(name))
    ? given
    : { 'x-api-key': apiKey, ...given };

const post = async (params, headers) => {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(params),
  });
  return response.json();
};

const toBase64Url = (text) => btoa(text).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');

/** One socket for each subscription, by AppSync's realtime protocol. An observable, so that Stop closes it at once. */
const watch = (params, headers) => ({
  subscribe: ({ next, complete }) => {
    const authorization = { ...headers, host: location.host };
    const url = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/graphql/realtime`;
    const socket = new WebSocket(url, ['graphql-ws', `header-${toBase64Url(JSON.stringify(authorization))}`]);
    socket.onopen = () => socket.send(JSON.stringify({ type: 'connection_init' }));
    socket.onclose = () => complete();
    socket.onmessage = ({ data }) => {
      const { type, payload } = JSON.parse(data);
      if (type === 'connection_ack') {
        const start = { data: JSON.stringify(params), extensions: { authorization } };
        socket.send(JSON.stringify({ type: 'start', id: '1', payload: start }));
      } else if (type === 'start_ack') next({ data: null, extensions: { realtime: 'subscribed, waiting' } });
      else if (type === 'data' || type === 'error' || type === 'connection_error') next(payload);
    };
    return {
      unsubscribe: () => {
        // What is closed on purpose does not end a subscription that was started since.
        socket.onclose = socket.onmessage = null;
        socket.close();
      },
    };
  },
});

const isSubscription = ({ operationName }, { documentAST }) =>
  documentAST?.definitions.some(
    ({ kind, operation, name }) =>
      kind === 'OperationDefinition' &&
      operation === 'subscription' &&
      (!operationName || name?.value === operationName),
  ) ?? false;

const fetcher = (params, options = {}) => {
  const headers = toHeaders(options.headers ?? {});
  return isSubscription(params, options) ? watch(params, headers) : post(params, headers);
};

ReactDOM.createRoot(root).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: EXAMPLE, shouldPersistHeaders: false }),
);
