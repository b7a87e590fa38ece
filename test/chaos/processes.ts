import type { LocalStack } from '../../local/stack.ts';

const LOOK_MS = 200;

/** Remembers every process that the stack's instances had. */
export const watchProcesses = (
  stack: LocalStack,
): { readonly stop: () => void; readonly alive: () => number[] } => {
  const seen = new Set<number>();
  const look = (): void => {
    for (const instance of stack.inspect.instances()) for (const pid of instance.pids()) seen.add(pid);
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  return { stop: () => clearInterval(timer), alive: () => [...seen].filter(isAlive) };
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
