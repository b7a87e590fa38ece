import * as v from 'valibot';
import type { HandlerAnswer } from '../../contract/handler.ts';

export const invalid = (field: string, message: string): HandlerAnswer => ({
  error: { code: 'VALIDATION', field, message: `${field}: ${message}` },
});

export const isUuid = (id: string): boolean => v.is(v.pipe(v.string(), v.uuid()), id);
