import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ChildOptions {
  /** The script and its arguments, run by the Node that runs us. */
  readonly argv: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

export interface Child {
  readonly pid: number | undefined;
  /** Resolves once the process is gone. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Resolves with the first line of output for which `parse` returns something; rejects if the process ends first. */
  readonly waitForLine: <T>(parse: (line: string) => T | undefined) => Promise<T>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** SIGTERM, and SIGKILL if that takes longer than `graceMs`; 5 s unless told. */
  readonly stop: (graceMs?: number) => Promise<void>;
}

/** A process of ours whose output is read line by line and which does not outlive its `stop()`. */
export const startChild = ({ argv, env, log }: ChildOptions): Child => {
  const child = spawn(process.execPath, [...argv], { env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  const output = createInterface({ input: child.stdout });
  output.on('line', log);
  createInterface({ input: child.stderr }).on('line', log);

  return {
    pid: child.pid,
    exited,
    waitForLine: (parse) =>
      new Promise((resolve, reject) => {
        const onLine = (line: string): void => {
          const parsed = parse(line);
          if (parsed === undefined) return;
          output.off('line', onLine);
          resolve(parsed);
        };
        output.on('line', onLine);
        void exited.then(({ code, signal }) => {
          reject(new Error(`${argv[0]} ended before it was ready (${signal ?? `exit code ${code}`})`));
        });
      }),
    kill: (signal) => void child.kill(signal),
    stop: (graceMs = 5000) => stopChild(child, exited, graceMs),
  };
};

const stopChild = async (child: ChildProcess, exited: Promise<unknown>, graceMs: number): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
};
