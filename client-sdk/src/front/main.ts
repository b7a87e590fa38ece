import { HELP, loadConfig, type FrontConfig } from './config.ts';
import { createTaskQueue } from './queue.ts';
import { startFront } from './server.ts';

/* The entry: `npm run serve`. */

const run = async ({ port, queue: options, graceMs, corsOrigins, quiet }: FrontConfig): Promise<void> => {
  const queue = createTaskQueue(options);
  // A wrong address or key is better heard of now than by the first client.
  const models = await queue.models();
  const front = await startFront({
    ...{ queue, port, graceMs, corsOrigins },
    ...(!quiet && { log: (line: string) => process.stdout.write(`${line}\n`) }),
  });
  const names = models.filter(({ kind }) => kind === 'CHECKPOINT').length;
  process.stdout.write(
    `\n  ${front.url}   answers as Stable Diffusion WebUI v1.10.1 does\n  ${options.endpoint}   is the queue behind it` +
      `${names === 0 ? '; no worker has said yet what it has' : ''}\n\n`,
  );
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void front.stop().finally(() => process.exit(0));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
};

try {
  const given = loadConfig(process.argv.slice(2), process.env);
  if (given.help) process.stdout.write(HELP);
  else await run(given.config);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const hint = code === 'EADDRINUSE' ? '. Is a WebUI running already? Choose another --port' : '';
  process.stderr.write(`${message}${hint}\n`);
  process.exit(1);
}
