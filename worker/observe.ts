import type { TaskEvent } from '../contract/transitions.ts';

/** What goes on in the worker, for those who look from outside: health, metrics, reports. */
export type WorkerNews =
  | { readonly kind: 'worker:ready' }
  | { readonly kind: 'worker:unhealthy'; readonly reason: string }
  | { readonly kind: 'worker:draining'; readonly reason: string }
  | { readonly kind: 'webui:restarted'; readonly reason: string }
  | { readonly kind: 'job:started'; readonly taskId: string; readonly gapMs: number | undefined }
  | { readonly kind: 'job:ended'; readonly taskId: string }
  /** Somebody else has the task, or it has ended: what was made here counts no more. */
  | { readonly kind: 'attempt:lost'; readonly taskId: string }
  | {
      readonly kind: 'attempt:ended';
      readonly taskId: string;
      readonly event: TaskEvent;
      /** Of a failure or a retry. */
      readonly code?: string;
      /** From submit to the claim; of the first attempt alone. */
      readonly queuedMs?: number;
      readonly inferenceMs?: number;
      readonly storeMs?: number;
    };

export type Observe = (news: WorkerNews) => void;
