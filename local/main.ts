import { parseArgs } from 'node:util';
import { createLineFormat } from './line-format.ts';
import { operatorEnvironment } from './operator-environment.ts';
import { startLocalStack, type LocalStack } from './stack.ts';

const HELP = `Keeps the whole system running on this machine until Ctrl-C.

  npm start -- [options]

  --port N         GraphQL and realtime, 4400 unless told; the CDN is at N + 1, the AWS endpoint at N + 2
  --data DIR       keeps tasks, objects, queues and keys there; in memory unless told
  --instances N    as the template says unless told
  --profile NAME   the GPU that the stand-in WebUI plays: t4-sd15 (the default), a10g-sd15, t4-sdxl, demo, …
  --webui URL      a real Stable Diffusion WebUI instead of the stand-in
  --faults         lets prompts such as "[[fault:oom]]" provoke faults
  --quiet          no log lines
  --help
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4400' },
    data: { type: 'string' },
    instances: { type: 'string' },
    profile: { type: 'string', default: 't4-sd15' },
    webui: { type: 'string' },
    faults: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const TASK = 'id status version progress { step steps } images { url } error { code message }';

const toWelcome = (stack: LocalStack): string => {
  const { urls, apiKey = '', region } = stack;
  // Quoted: one of them is JSON.
  const variables = Object.entries(operatorEnvironment(stack)).map(([name, value]) => `${name}='${value}'`);
  const mutation = {
    query: `mutation { submitTask(input: {txt2img: {prompt: "a lighthouse"}}) { id status } }`,
  };
  const authorization = { host: new URL(urls.graphql).host, 'x-api-key': apiKey };
  const header = Buffer.from(JSON.stringify(authorization)).toString('base64url');
  const start = {
    id: '1',
    type: 'start',
    payload: {
      data: JSON.stringify({ query: `subscription { onTaskUpdated { ${TASK} } }` }),
      extensions: { authorization },
    },
  };
  return `
  GraphQL    ${urls.graphql}
  realtime   ${urls.realtime}
  GraphiQL   ${urls.graphiql}
  CDN        ${urls.cdn}
  AWS        ${urls.aws}   (region ${region})
  API key    ${apiKey}

  Watch:
  npx --yes wscat -s graphql-ws -c '${urls.realtime}?header=${header}&payload=e30=' -w 600 -x '${JSON.stringify(start)}'

  Submit:
  curl -s ${urls.graphql} -H 'x-api-key: ${apiKey}' -H 'content-type: application/json' -d '${JSON.stringify(mutation)}'

  For AWS SDKs, the AWS CLI and npm run redrive:
  export ${variables.join(' ')}

  A user's token:  npm run --silent token -- --user ann
  Ctrl-C stops everything.
`;
};

const main = async (): Promise<void> => {
  const port = Number(values.port);
  const write = createLineFormat();
  const stack = await startLocalStack({
    port,
    cdnPort: port === 0 ? 0 : port + 1,
    awsPort: port === 0 ? 0 : port + 2,
    ...(values.data !== undefined && { dataDir: values.data }),
    ...(values.instances !== undefined && { instances: Number(values.instances) }),
    webui:
      values.webui === undefined
        ? { arguments: ['--profile', values.profile, ...(values.faults ? ['--allow-fault-markers'] : [])] }
        : { url: values.webui },
    log: (source, line) => {
      if (!values.quiet) process.stdout.write(write(source, line));
    },
  });
  process.stdout.write(`${toWelcome(stack)}\n`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void stack.stop().then(() => process.exit(0));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
};

if (values.help) {
  process.stdout.write(HELP);
} else {
  try {
    await main();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const hint = code === 'EADDRINUSE' ? ' Is a stack running already? Choose another --port.' : '';
    process.stderr.write(`${message}.${hint}\n`);
    process.exit(1);
  }
}
