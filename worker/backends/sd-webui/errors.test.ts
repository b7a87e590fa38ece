import { describe, expect, it } from 'vitest';
import { toWebuiError } from './errors.ts';

const envelope = (error: string, errors: string, detail = ''): object => ({
  error,
  detail,
  body: '',
  errors,
});
const http = (detail: string): object => ({ error: 'HTTPException', detail, body: '', errors: '' });

/* Bodies as A1111 v1.10.1 sends them, and its relatives. */
describe('toWebuiError', () => {
  it.each([
    [
      'a type error',
      422,
      {
        detail: [{ loc: ['body', 'steps'], msg: 'value is not a valid integer', type: 'type_error.integer' }],
      },
      'INVALID_REQUEST',
      false,
    ],
    [
      'a body that is no JSON',
      422,
      { detail: [{ loc: ['body', 11], msg: 'Expecting value', type: 'value_error.jsondecode', ctx: {} }] },
      'INVALID_REQUEST',
      false,
    ],
    [
      'a body that is no text',
      400,
      { detail: 'There was an error parsing the body' },
      'INVALID_REQUEST',
      false,
    ],
    ['an unknown script', 422, http("Script 'x' not found"), 'INVALID_REQUEST', false],
    [
      'a script in the wrong place',
      422,
      http('Cannot have a selectable script in the always on scripts params'),
      'INVALID_REQUEST',
      false,
    ],
    ['no initial image', 404, http('Init image not found'), 'INVALID_REQUEST', false],
    ['an image that is none', 500, http('Invalid encoded image'), 'INVALID_REQUEST', false],
    ['an image by address', 500, http('Requests not allowed'), 'INVALID_REQUEST', false],
    [
      'an image by local address',
      500,
      http('Request to local resource not allowed'),
      'INVALID_REQUEST',
      false,
    ],
    ['an address that is none', 500, http('Invalid image url'), 'INVALID_REQUEST', false],
    [
      'an unknown upscaler',
      500,
      envelope('AssertionError', 'could not find upscaler named x'),
      'INVALID_REQUEST',
      false,
    ],
    [
      'an unknown refiner',
      500,
      envelope('Exception', 'Could not find checkpoint with name x'),
      'UNKNOWN_MODEL',
      false,
    ],
    [
      'no memory',
      500,
      envelope('OutOfMemoryError', 'CUDA out of memory. Tried to allocate 4.50 GiB'),
      'OUT_OF_MEMORY',
      true,
    ],
    ['no memory, wrapped', 500, envelope('RuntimeError', 'HIP out of memory'), 'OUT_OF_MEMORY', true],
    [
      'no memory, as Forge says it',
      500,
      { error: 'OutOfMemoryError', detail: '', body: '', message: 'CUDA out of memory.' },
      'OUT_OF_MEMORY',
      true,
    ],
    [
      'NaNs',
      500,
      envelope('NansException', 'A tensor with NaNs was produced in Unet.'),
      'NAN_PRODUCED',
      true,
    ],
    [
      'a lost GPU',
      500,
      envelope('RuntimeError', 'CUDA error: an illegal memory access was encountered'),
      'GPU_LOST',
      true,
    ],
    ['any other exception', 500, envelope('RuntimeError', 'something went wrong'), 'WEBUI_ERROR', true],
    [
      'an exception that anyio 4 hides',
      500,
      envelope('ExceptionGroup', 'unhandled errors in a TaskGroup (1 sub-exception)'),
      'WEBUI_ERROR',
      true,
    ],
    [
      'no checkpoint at all',
      500,
      envelope('FileNotFoundError', 'No checkpoints found.'),
      'WEBUI_ERROR',
      true,
    ],
    ['credentials that are wanted', 401, http('Not authenticated'), 'WEBUI_ERROR', true],
    ['a route that is not there yet', 404, { detail: 'Not Found' }, 'WEBUI_UNREACHABLE', true],
    ["a proxy's page", 502, undefined, 'WEBUI_ERROR', true],
  ])('%s', (_name, status, body, code, retryable) => {
    const error = toWebuiError({ status, body });
    expect([error.code, error.retryable]).toEqual([code, retryable]);
    expect(error.message).toContain('The WebUI');
  });

  it('names the parameter that was refused, and keeps long texts short', () => {
    const detail = [{ loc: ['body', 'steps'], msg: 'value is not a valid integer', type: 'x' }];
    expect(toWebuiError({ status: 422, body: { detail } }).message).toContain(
      'steps: value is not a valid integer',
    );
    const long = toWebuiError({ status: 500, body: envelope('RuntimeError', 'x'.repeat(10_000)) });
    expect(long.message.length).toBeLessThan(400);
  });
});
