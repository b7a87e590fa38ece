import type { ApiErrorCode } from './errors.ts';
import type { CreateUploadInput, SubmitTaskInput } from './schema.generated.ts';
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
    }
  | {
      readonly field: 'createUpload';
      readonly owner: string;
      readonly input: CreateUploadInput;
      readonly now: number;
    };

export interface HandlerError {
  readonly code: ApiErrorCode;
  readonly message: string;
  /** Path of the offending field, e.g. `txt2img.width`. */
  readonly field?: string;
}

/** Leave to upload one object. */
export interface UploadForm {
  readonly id: string;
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly expiresAt: string;
}

/** Exactly one of these. */
export interface HandlerAnswer {
  readonly task?: TaskRow;
  readonly upload?: UploadForm;
  readonly error?: HandlerError;
}
