import { describe, expect, it } from 'vitest';
import { ApiError, NetworkError, UnauthorizedError, ValidationError } from '../index.ts';
import { toFailure, toLine, UnreachableError, UsageError } from './exit-codes.ts';

describe('an error', () => {
  it.each([
    [new UsageError('--x is unknown'), 2, '--x is unknown'],
    [new ValidationError('txt2img.width', 'txt2img.width: is odd'), 2, 'txt2img.width: is odd'],
    [new ValidationError('limit', 'is odd'), 2, 'limit: is odd'],
    [new ApiError('NOT_FOUND', 'There is no such task.'), 2, 'NOT_FOUND: There is no such task.'],
    [new ApiError('QUOTA_EXCEEDED', 'Too many.'), 1, 'QUOTA_EXCEEDED: Too many.'],
    [new UnauthorizedError('Unauthorized', 'No'), 3, expect.stringMatching(/^Not authorized \(No\)/)],
    [new NetworkError('No answer.'), 4, 'No answer.'],
    [new UnreachableError('Nothing listens.'), 4, 'Nothing listens.'],
    [new Error('EACCES'), 1, 'EACCES'],
    ['thrown', 1, 'thrown'],
  ])('%s ends the command with %i', (error, exitCode, line) => {
    const failure = toFailure(error);
    expect([failure.exitCode, toLine(failure)]).toEqual([exitCode, line]);
  });
});
