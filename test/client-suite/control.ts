import type { LocalStack } from '../../local/stack.ts';
import type { Control } from './scenarios.ts';

export const controlOf = (stack: LocalStack): Control => {
  let lift: () => void = () => undefined;
  return {
    cutSockets: () => Promise.resolve(stack.faults.cutSockets()),
    restart: (downMs) => stack.faults.restartAppSync(downMs),
    mute: (isMute) => {
      lift();
      lift = isMute
        ? stack.faults.inject({ calls: ['AppSync.push'], fault: { kind: 'silent' } })
        : () => undefined;
      return Promise.resolve();
    },
    token: (sub, expiresInSeconds) => stack.token({ sub, expiresInSeconds }),
  };
};

/** A control whose calls go elsewhere. */
export const createRemoteControl = (
  call: (name: string, args: readonly unknown[]) => Promise<unknown>,
): Control => ({
  cutSockets: async () => (await call('cutSockets', [])) as number,
  restart: async (downMs) => void (await call('restart', [downMs])),
  mute: async (isMute) => void (await call('mute', [isMute])),
  token: async (sub, seconds) => (await call('token', [sub, seconds])) as string,
});

/** The other end of it. */
export const answerControl = (control: Control, name: string, args: readonly unknown[]): Promise<unknown> =>
  (control as unknown as Record<string, (...given: readonly unknown[]) => Promise<unknown>>)[name]?.(
    ...args,
  ) ?? Promise.reject(new Error(`There is no ${name}`));
