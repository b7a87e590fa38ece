import { parseArgs } from 'node:util';
import { startSdWebui } from './server.ts';
import { PROFILES } from './timing.ts';

const HELP = `A stand-in for Stable Diffusion WebUI v1.10.1: its API, without a GPU.

  node local/sd-webui/main.ts [options]

  --port N                 7861 unless told; 0: any free port
  --profile NAME           ${Object.keys(PROFILES).join(', ')}
                           demo unless told
  --time-scale X           multiplies every duration, 1 unless told
  --api-auth USER:PASS     asks for Basic authentication
  --allow-fault-markers    a prompt such as "[[fault:oom]]" provokes that fault (local/sd-webui/faults.ts)
  --exit-with-parent       ends when standard input is closed
  --help
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7861' },
    profile: { type: 'string', default: 'demo' },
    'time-scale': { type: 'string', default: '1' },
    'api-auth': { type: 'string' },
    'allow-fault-markers': { type: 'boolean', default: false },
    'exit-with-parent': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(HELP);
} else {
  const webui = await startSdWebui({
    port: Number(values.port),
    profile: values.profile,
    timeScale: Number(values['time-scale']),
    allowFaultMarkers: values['allow-fault-markers'],
    ...(values['api-auth'] !== undefined && { apiAuth: values['api-auth'] }),
  });
  process.stdout.write(`${JSON.stringify({ event: 'listening', url: webui.url })}\n`);
  const stop = (): void => void webui.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop).once('SIGINT', stop);
  if (values['exit-with-parent']) process.stdin.resume().once('end', stop).once('error', stop);
}
