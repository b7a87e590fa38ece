/* global React, ReactDOM, GraphiQL */

const root = document.getElementById('graphiql');
const headers = { 'x-api-key': root.dataset.apiKey };

const EXAMPLE = `mutation Submit {
  submitTask(input: { txt2img: { prompt: "a lighthouse at dusk, oil painting", steps: 20 } }) {
    id
    status
  }
}

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
`;

const post = async (params) => {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(params),
  });
  return response.json();
};

/** One socket for each subscription, as AppSync's realtime protocol has it. */
async function* subscribe(params) {
  const waiting = [];
  let wake = () => undefined;
  const push = (item) => {
    waiting.push(item);
    wake();
  };
  const authorization = { ...headers, host: location.host };
  const encoded = btoa(JSON.stringify(authorization))
    .replace(/=+$/, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
  const url = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/graphql/realtime`;
  const socket = new WebSocket(url, ['graphql-ws', `header-${encoded}`]);
  socket.onopen = () => socket.send(JSON.stringify({ type: 'connection_init' }));
  socket.onclose = () => push({ done: true });
  socket.onmessage = ({ data }) => {
    const { type, payload } = JSON.parse(data);
    if (type === 'connection_ack') {
      const start = { data: JSON.stringify(params), extensions: { authorization } };
      socket.send(JSON.stringify({ type: 'start', id: '1', payload: start }));
    } else if (type === 'start_ack')
      push({ value: { data: null, extensions: { realtime: 'subscribed, waiting' } } });
    else if (type === 'data' || type === 'error' || type === 'connection_error') push({ value: payload });
  };
  try {
    for (;;) {
      while (waiting.length === 0) await new Promise((resolve) => (wake = resolve));
      const { value, done } = waiting.shift();
      if (done) return;
      yield value;
    }
  } finally {
    socket.close();
  }
}

const isSubscription = ({ query, operationName }) =>
  new RegExp(`subscription\\s*${operationName ? `${operationName}\\b` : ''}`).test(query);

const fetcher = (params) => (isSubscription(params) ? subscribe(params) : post(params));

ReactDOM.createRoot(root).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: EXAMPLE, shouldPersistHeaders: false }),
);
