import { describe, expect, it } from 'vitest';
import { ApiError } from '../index.ts';
import { toHttpError } from './failures.ts';
import type { Work } from './translate.ts';
import { plainDetail } from './wire/errors.ts';

const WORK: Work = {
  kind: 'txt2img',
  request: { api: '/sdapi/v1/txt2img', payload: {} },
  renamed: { batch_size: 'n_iter' },
  label: undefined,
};

const answerTo = (error: unknown): unknown => {
  const { status, body } = toHttpError(error, WORK);
  return { status, body };
};

const validation = (field: string, message: string): ApiError =>
  new ApiError('VALIDATION', `${field}: ${message}`, { field });

describe('what went wrong', () => {
  it.each([
    ['payload.steps', ['body', 'steps']],
    ['payload.override_settings.sd_vae', ['body', 'override_settings', 'sd_vae']],
    ['payload.batch_size', ['body', 'n_iter']],
    ['input', ['body']],
  ])('with %s is a 422 as pydantic has it, with the name that the caller knows', (field, loc) => {
    expect(answerTo(validation(field, 'is too much'))).toEqual({
      status: 422,
      body: { detail: [{ loc, msg: 'is too much', type: 'value_error' }] },
    });
  });

  it.each([
    ['UNKNOWN_MODEL', 422, { error: 'HTTPException', detail: 'said' }],
    ['QUOTA_EXCEEDED', 429, { error: 'HTTPException', detail: 'said' }],
    ['OUT_OF_MEMORY', 500, { error: 'OutOfMemoryError', errors: 'OUT_OF_MEMORY: said' }],
    ['NAN_PRODUCED', 500, { error: 'NansException' }],
    ['NETWORK', 500, { error: 'ConnectionError', errors: 'NETWORK: said' }],
    ['START_EXPIRED', 500, { error: 'TimeoutError' }],
    ['WORKER_LOST', 500, { error: 'RuntimeError', errors: 'WORKER_LOST: said' }],
  ])('%s is told in the envelope of a WebUI', (code, status, body) => {
    expect(answerTo(new ApiError(code, 'said'))).toMatchObject({ status, body });
  });

  it('unforeseen is told without a stack', () => {
    expect(answerTo(new TypeError('boom'))).toEqual({
      status: 500,
      body: { error: 'Exception', detail: '', body: '', errors: 'boom' },
    });
    const known = plainDetail(404, 'Not Found');
    expect(toHttpError(known)).toBe(known);
  });
});
