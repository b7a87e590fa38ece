import { loadConfig, toHelp } from './config.ts';
import { serve } from './serve.ts';

/* The entry: `npm run serve`. */

const write = (text: string): void => void process.stdout.write(text);

try {
  const given = loadConfig(process.argv.slice(2), process.env);
  if (given.help) {
    write(toHelp('npm run serve --'));
  } else {
    const front = await serve(given.config, write);
    let stopping = false;
    const stop = (): void => {
      if (stopping) return;
      stopping = true;
      void front.stop().finally(() => process.exit(0));
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
