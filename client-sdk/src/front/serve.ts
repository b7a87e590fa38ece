import { assertRunning } from '../endpoint.ts';
import type { FrontConfig } from './config.ts';
import { createTaskQueue } from './queue.ts';
import { startFront, type Front } from './server.ts';

/** Opens the front of a command, and says where it is. */
export const serve = async (
  { port, queue: options, graceMs, corsOrigins, quiet }: FrontConfig,
  write: (text: string) => void,
): Promise<Front> => {
  await assertRunning(options);
  const queue = createTaskQueue(options);
  // A wrong address or key is better heard of now than by the first client.
  const models = await queue.models();
  const front = await startFront({
    ...{ queue, port, graceMs, corsOrigins },
    ...(!quiet && { log: (line: string) => write(`${line}\n`) }),
  }).catch((error: NodeJS.ErrnoException) => {
    const hint = error.code === 'EADDRINUSE' ? '. Is a WebUI running already? Choose another --port' : '';
    throw new Error(`${error.message}${hint}`, { cause: error });
  });
  const names = models.filter(({ kind }) => kind === 'CHECKPOINT').length;
  write(
    `\n  ${front.url}   answers as Stable Diffusion WebUI v1.10.1 does\n  ${options.endpoint}   is the queue behind it` +
      `${names === 0 ? '; no worker has said yet what it has' : ''}\n\n`,
  );
  return front;
};
