import * as v from 'valibot';
import { TaskError, type FailureCode } from '../../../contract/errors.ts';
import type { WebuiResponse } from './client.ts';

/** What FastAPI answers to a body that does not fit its model. */
const validation = v.object({
  detail: v.array(v.object({ loc: v.array(v.union([v.string(), v.number()])), msg: v.string() })),
});

/** What the WebUI makes of any other exception: its class and its text; Forge puts that under `message`. */
const envelope = v.object({
  error: v.optional(v.string(), ''),
  detail: v.optional(v.string(), ''),
  errors: v.optional(v.string(), ''),
  message: v.optional(v.string(), ''),
});

const MAX_REASON_CHARACTERS = 300;

interface Rule {
  /** Of any status unless told. */
  readonly status?: number;
  readonly error: RegExp;
  readonly text?: RegExp;
  readonly code: FailureCode;
}

/** First match decides. Classes and texts as v1.10.1 sends them. */
const RULES: readonly Rule[] = [
  { error: /^OutOfMemoryError$/, code: 'OUT_OF_MEMORY' },
  { error: /./, text: /out of memory/i, code: 'OUT_OF_MEMORY' },
  { error: /^NansException$/, code: 'NAN_PRODUCED' },
  { error: /^RuntimeError$/, text: /CUDA error/, code: 'GPU_LOST' },
  {
    error: /^HTTPException$/,
    text: /Invalid (encoded )?image|not allowed|Init image not found|Script .* not found|always on scripts/,
    code: 'INVALID_REQUEST',
  },
  { error: /./, text: /could not find upscaler/i, code: 'INVALID_REQUEST' },
  { error: /./, text: /could not find checkpoint/i, code: 'UNKNOWN_MODEL' },
  { status: 400, error: /^$/, code: 'INVALID_REQUEST' },
  { status: 422, error: /(?:)/, code: 'INVALID_REQUEST' },
  // The port answers a moment before the API's routes are there.
  { status: 404, error: /^$/, text: /^Not Found$/, code: 'WEBUI_UNREACHABLE' },
];

/** Turns an answer that is no result into the error that carries the decision. */
export const toWebuiError = ({ status, body }: WebuiResponse): TaskError => {
  const invalid = v.safeParse(validation, body);
  if (status === 422 && invalid.success) {
    const reasons = invalid.output.detail.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`);
    return new TaskError('INVALID_REQUEST', `The WebUI refused the request: ${shorten(reasons.join('; '))}`);
  }
  const parsed = v.safeParse(envelope, body);
  const { error, ...texts } = parsed.success ? parsed.output : { error: '' };
  const text = Object.values(texts)
    .filter((part) => part !== '')
    .join(' ');
  const rule = RULES.find(
    (candidate) =>
      (candidate.status ?? status) === status &&
      candidate.error.test(error) &&
      (candidate.text?.test(text) ?? true),
  );
  const code = rule?.code ?? 'WEBUI_ERROR';
  const named = [error, text].filter((part) => part !== '').join(': ');
  return new TaskError(code, `The WebUI answered ${status}${named === '' ? '' : `, ${shorten(named)}`}`);
};

const shorten = (text: string): string =>
  text.length > MAX_REASON_CHARACTERS ? `${text.slice(0, MAX_REASON_CHARACTERS)}…` : text;
