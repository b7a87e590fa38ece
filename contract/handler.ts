import type { ApiErrorCode } from './errors.ts';
import type { SubmitTaskInput } from './schema.generated.ts';
import type { TaskRow } from './task.ts';

/** What the resolvers of the public writes ask of task_handler. */
export type HandlerRequest =
  | {
      readonly field: 'submitTask';
      readonly owner: string;
      /** As AppSync coerced it; `payload`, an AWSJSON, arrives parsed. */
      readonly input: SubmitTaskInput;
      /** The resolver's clock, in milliseconds since 1970. */
      readonly now: number;
    }
  | { readonly field: 'cancelTask'; readonly owner: string; readonly id: string }
  | {
      readonly field: 'retryTask';
      readonly owner: string;
      readonly id: string;
      readonly newId: string | null;
      readonly now: number;
    };

export interface HandlerError {
  readonly code: ApiErrorCode;
  readonly message: string;
  /** Path of the offending field, e.g. `txt2img.width`. */
  readonly field?: string;
}

/** Exactly one of both. */
export interface HandlerAnswer {
  readonly task?: TaskRow;
  readonly error?: HandlerError;
}
