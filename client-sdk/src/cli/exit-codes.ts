import { ApiError, TaskError } from '../index.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unauthorized: 3,
  unreachable: 4,
  interrupted: 130,
} as const;

export const EXIT_HELP = `Exit codes:
  0    done
  1    the task failed, expired or was canceled; the API refused; an image could not be saved
  2    the command line or the input is wrong: the message names the option or the field
  3    not authorized
  4    the API can't be reached
  130  interrupted by Ctrl-C
`;

/** The command line can't be carried out as it stands. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Nobody answers where the API should be. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** What an error says to people, and to the shell. */
export interface Failure {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly taskId?: string;
}

export const toFailure = (error: unknown): Failure => {
  if (error instanceof ApiError)
    return {
      exitCode: exitCodeOf(error.code, error.name),
      code: error.code,
      message: error.message,
      ...(error.field !== undefined && { field: error.field }),
      ...(error.taskId !== undefined && { taskId: error.taskId }),
    };
  if (error instanceof TaskError)
    return { exitCode: EXIT.failed, code: error.code, message: error.message, taskId: error.taskId };
  const { message } = error instanceof Error ? error : { message: String(error) };
  if (error instanceof UsageError) return { exitCode: EXIT.usage, code: 'USAGE', message };
  if (error instanceof UnreachableError) return { exitCode: EXIT.unreachable, code: 'NETWORK', message };
  return { exitCode: EXIT.failed, code: 'ERROR', message };
};

const exitCodeOf = (code: string, name: string): number => {
  if (name === 'UnauthorizedError') return EXIT.unauthorized;
  // INTERNAL has been tried for 16 seconds: whoever answers there is not well.
  if (code === 'NETWORK' || code === 'INTERNAL') return EXIT.unreachable;
  return ['VALIDATION', 'BAD_REQUEST', 'NOT_FOUND'].includes(code) ? EXIT.usage : EXIT.failed;
};

/** `txt2img.width: must be …`; the API's messages name their field already. */
export const toLine = ({ exitCode, code, message, field }: Failure): string => {
  if (field !== undefined) return message.startsWith(field) ? message : `${field}: ${message}`;
  if (exitCode === EXIT.unauthorized)
    return `Not authorized (${message}): is it the right key or token for this endpoint?`;
  return ['USAGE', 'ERROR', 'NETWORK'].includes(code) ? message : `${code}: ${message}`;
};
