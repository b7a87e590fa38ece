import type { TaskFieldsFragment } from './operations.generated.ts';

/** A task as the API shows it. Of two snapshots the one with the higher `version` is the newer. */
export type Task = Omit<TaskFieldsFragment, 'images'> & { readonly images: readonly NullableImage[] | null };

type NullableImage = NonNullable<TaskFieldsFragment['images']>[number];

/** One image of a task that has SUCCEEDED. */
export type Image = Omit<NullableImage, 'url'> & { readonly url: string };

/** A task that has SUCCEEDED: its images are there, each with its URL. */
export type FinishedTask = Omit<Task, 'status' | 'isTerminal' | 'images'> & {
  readonly status: 'SUCCEEDED';
  readonly isTerminal: true;
  readonly images: readonly [Image, ...Image[]];
};

export const isFinished = (task: Task): task is Task & FinishedTask =>
  task.status === 'SUCCEEDED' && (task.images ?? []).length > 0 && (task.images ?? []).every(hasUrl);

const hasUrl = ({ url }: NullableImage): boolean => typeof url === 'string';

/** What may arrive as a pushed event: AppSync leaves out what the mutating caller did not select. */
export type TaskEvent = { readonly id: string } & Partial<Task>;

/** Whether a pushed event is all that a query would answer. */
export const isWhole = (event: TaskEvent): event is Task => {
  if (typeof event.version !== 'number' || typeof event.isTerminal !== 'boolean' || !event.status)
    return false;
  if (event.status === 'SUCCEEDED') return isFinished(event as Task);
  return event.status !== 'FAILED' || Boolean(event.error);
};
