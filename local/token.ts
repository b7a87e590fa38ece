import { parseArgs } from 'node:util';
import { TOKEN_PATH } from './pages/pages.ts';

const HELP = `Prints a user-pool token of the running stack (npm start). Anybody may be anybody there.

  npm run --silent token -- --user ann [options]

  --user NAME       the token's subject, and so the owner of tasks
  --group NAME      may be given more than once
  --expires N       seconds, 3600 unless told
  --port N          of the stack, 4400 unless told
  --help
`;

const { values } = parseArgs({
  options: {
    user: { type: 'string' },
    group: { type: 'string', multiple: true, default: [] },
    expires: { type: 'string', default: '3600' },
    port: { type: 'string', default: '4400' },
    help: { type: 'boolean', default: false },
  },
});

const main = async (): Promise<void> => {
  if (values.user === undefined) throw new Error('--user is missing, e.g. --user ann');
  const query = new URLSearchParams({ user: values.user, expires: values.expires });
  for (const group of values.group) query.append('group', group);
  const response = await fetch(`http://127.0.0.1:${values.port}${TOKEN_PATH}?${query}`).catch(() => {
    throw new Error(`Nothing listens on port ${values.port}: is the stack running (npm start)?`);
  });
  const body = await response.text();
  if (!response.ok) throw new Error(body.trim());
  process.stdout.write(`${body}\n`);
};

if (values.help) {
  process.stdout.write(HELP);
} else {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}
