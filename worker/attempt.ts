import * as v from 'valibot';
import type { Task } from '../contract/schema.generated.ts';
import { TaskError } from '../contract/errors.ts';
import { imageTypeOf } from '../contract/image-type.ts';
import {
  parseRequest,
  withImages,
  type ImageSource,
  type InlineImage,
  type TaskRequest,
} from '../contract/request.ts';
import { uploadKeyOf } from '../ledger/upload-key.ts';
import type { Generation } from './backends/backend.ts';
import type { ObjectStore } from './object-store.ts';
import type { ReceivedMessage } from './queue.ts';

/** One try at one task, under a lease that only we hold. */
export interface Attempt {
  readonly task: Task;
  /** Our right to write to the row, together with `task.attempt`. */
  readonly leaseToken: string;
  /** 32 random hex digits: where this attempt's objects lie, and nobody can guess it. */
  readonly nonce: string;
  readonly message: ReceivedMessage;
  /** By our clock: when the task must have ended. */
  readonly mustEndAt: number;
}

/** What identifies the lease in every event. */
export const leaseOf = ({ task, leaseToken }: Attempt) => ({
  id: task.id,
  attempt: task.attempt,
  leaseToken,
});

/** Both instants are the resolver's, so that our own date plays no part. */
export const timeLeftMs = ({ deadlineAt, updatedAt }: Task): number =>
  Math.max(0, Date.parse(deadlineAt) - Date.parse(updatedAt));

const stored = v.union([v.object({ inline: v.unknown() }), v.object({ key: v.string() })]);

/** The request as the row or the object it names holds it, with the bytes of what was uploaded. Throws `TaskError`. */
export const readRequest = async (
  { task }: Pick<Attempt, 'task'>,
  objects: Pick<ObjectStore, 'getRequest' | 'getUpload'>,
): Promise<TaskRequest> => {
  const where = v.safeParse(stored, parseJson(task.request));
  if (!where.success) throw new TaskError('INVALID_REQUEST', 'The task came without its request');
  const raw =
    'key' in where.output ? parseJson(await objects.getRequest(where.output.key)) : where.output.inline;
  const parsed = parseRequest(raw);
  if (parsed.ok)
    return withImages(parsed.request, (source, field) => readImage(source, field, task.owner, objects));
  const { field, message } = parsed.invalid;
  throw new TaskError('INVALID_REQUEST', `The stored request is not valid: ${field}: ${message}`);
};

/** Checked at submit as well; the object may have gone since, or the task be one that was submitted again after days. */
const readImage = async (
  source: ImageSource,
  field: string,
  owner: string,
  objects: Pick<ObjectStore, 'getUpload'>,
): Promise<InlineImage> => {
  if (!('uploadId' in source)) return source;
  const bytes = await objects.getUpload(uploadKeyOf(owner, source.uploadId));
  if (!bytes)
    throw new TaskError(
      'INVALID_REQUEST',
      `${field}: The upload is gone. Upload the image again, and submit anew.`,
    );
  if (!imageTypeOf(bytes))
    throw new TaskError('INVALID_REQUEST', `${field}: The upload is no PNG, JPEG or WebP image.`);
  return { data: Buffer.from(bytes).toString('base64') };
};

const parseJson = (text: string | null | undefined): unknown => {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
};

/** What became of an attempt, before anybody was told. */
export type Outcome =
  | {
      readonly kind: 'made';
      /** Throws `TaskError` where they are not what was asked for. */
      readonly read: Generation['read'];
      readonly embedMetadata: boolean;
      readonly inferenceMs: number;
    }
  | {
      readonly kind: 'failed';
      readonly error: TaskError;
      /** No other attempt follows, although the same task, submitted anew, could end well. */
      readonly isFinal?: boolean;
    }
  | { readonly kind: 'canceled' }
  /** Somebody else has the task, or it has ended. */
  | { readonly kind: 'lost' }
  /** Given back, since the worker can't do it now. */
  | { readonly kind: 'released' };
