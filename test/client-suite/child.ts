import { createRemoteControl } from './control.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';

/* The scenarios in a process of their own, whatever Node.js it is: told by the parent which to run. */

interface FromParent {
  readonly run?: { readonly name: ScenarioName; readonly endpoint: string; readonly apiKey: string };
  readonly answer?: { readonly call: number; readonly value?: unknown; readonly error?: string };
}

const waiting = new Map<number, (answer: NonNullable<FromParent['answer']>) => void>();
let calls = 0;

const control = createRemoteControl((name, args) => {
  const call = (calls += 1);
  process.send?.({ call, name, args });
  return new Promise((resolve, reject) => {
    waiting.set(call, ({ value, error }) =>
      error === undefined ? resolve(value) : reject(new Error(error)),
    );
  });
});

process.on('message', ({ run, answer }: FromParent) => {
  if (answer) waiting.get(answer.call)?.(answer);
  if (!run) return;
  SCENARIOS[run.name]({ endpoint: run.endpoint, apiKey: run.apiKey, control }).then(
    () => process.send?.({ done: true }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.send?.({ version: process.version });
