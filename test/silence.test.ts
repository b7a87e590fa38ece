import { expect, it } from 'vitest';
import { clientOf, useStack } from './helpers/stack.ts';

/*
 * A call that is never answered: no refusal, no closed connection, as when a host or a NAT vanishes. The AWS SDK has no
 * time limit of its own, so one such call once kept a worker from its work for good.
 */

const stackOf = useStack({ instances: 1, webui: { arguments: ['--profile', 'demo'] } });

const SILENT = ['S3.PutObject', 'SQS.ChangeMessageVisibility', 'SQS.DeleteMessage'];

it('costs a worker time, and neither the task nor the ones after it', { timeout: 60_000 }, async () => {
  const { faults } = stackOf();
  for (const call of SILENT) faults.inject({ calls: [call], fault: { kind: 'silent' }, times: 1 });
  const client = clientOf(stackOf());
  // The first is too short for a preview, the second long enough for a beat.
  const run = (steps: number) =>
    client.run({ txt2img: { prompt: 'x', width: 64, height: 64, seed: 1, steps } });
  const tasks = [await run(5), await run(60), await run(5)];
  expect(tasks.map(({ status, attempt }) => `${status} ${attempt}`)).toEqual(
    Array.from({ length: 3 }, () => 'SUCCEEDED 1'),
  );
  expect(faults.met()).toEqual(Object.fromEntries(SILENT.map((call) => [`silent ${call}`, 1])));
});
