import { ApiError, type Task } from '../index.ts';
import type { Work } from './translate.ts';
import { httpException, HttpError, unhandled, unprocessable } from './wire/errors.ts';

/* Whatever went wrong, in the words of the WebUI: clients show `detail` or `errors` to people. */

/** Classes that clients know. */
const CLASSES: Readonly<Record<string, string>> = {
  OUT_OF_MEMORY: 'OutOfMemoryError',
  NAN_PRODUCED: 'NansException',
  NETWORK: 'ConnectionError',
  EXECUTION_TIMEOUT: 'TimeoutError',
  START_EXPIRED: 'TimeoutError',
  DEADLINE_EXCEEDED: 'TimeoutError',
};

/** The caller's own mistakes, which no repetition mends. */
const MISTAKES = new Set(['INVALID_REQUEST', 'UNKNOWN_MODEL']);

export const toHttpError = (thrown: unknown, work?: Work): HttpError => {
  if (thrown instanceof HttpError) return thrown;
  if (!(thrown instanceof ApiError)) {
    return unhandled('Exception', thrown instanceof Error ? thrown.message : String(thrown));
  }
  if (thrown.code === 'VALIDATION') return toUnprocessable(thrown, work);
  if (thrown.code === 'QUOTA_EXCEEDED') return httpException(429, thrown.message);
  return toFailure(thrown.code, thrown.message);
};

/** A task that ended without images, unless that is what was wanted. */
export const toTaskFailure = ({ status, error }: Pick<Task, 'status' | 'error'>): HttpError =>
  toFailure(error?.code ?? status, error?.message ?? `The task ended as ${status}.`);

const toFailure = (code: string, message: string): HttpError =>
  MISTAKES.has(code)
    ? httpException(422, message)
    : unhandled(CLASSES[code] ?? 'RuntimeError', `${code}: ${message}`);

/** The API names the field by its path in the payload, and begins its message with it. */
const toUnprocessable = ({ field = '', message }: ApiError, work: Work | undefined): HttpError => {
  const path = field.split('.').slice(field.startsWith('payload.') ? 1 : 0);
  const [first = '', ...rest] = path.filter((name) => name !== 'input');
  const name = work?.renamed[first] ?? first;
  return unprocessable([
    {
      loc: ['body', ...(name === '' ? [] : [name]), ...rest],
      msg: message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message,
      type: 'value_error',
    },
  ]);
};
