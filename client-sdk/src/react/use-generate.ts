import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError } from '../errors.ts';
import type { TaskInput, UploadProgress } from '../uploads.ts';
import { useClient } from './provider.ts';
import { useTask, type TaskState } from './use-task.ts';

export interface GenerateOptions {
  /** Keeps the task's id in `sessionStorage` under this name: a page that is loaded anew goes on with it. */
  readonly resumeKey?: string | undefined;
  /** Cancels the task on the server when the component goes away. Off unless told: the task goes on. */
  readonly cancelOnUnmount?: boolean | undefined;
}

export interface Generate extends TaskState {
  /** Of the task under way, or of the last one. Known before it was accepted. */
  readonly id: string | undefined;
  /** While images are uploaded and the submit is under way. */
  readonly isSubmitting: boolean;
  /** Of the image that is being uploaded. */
  readonly upload: UploadProgress | undefined;
  /** Submits a task and watches it, instead of the last one. What goes wrong stands in `error`. */
  readonly generate: (input: TaskInput) => void;
  readonly cancel: () => void;
  /** Forgets the task, which goes on. */
  readonly reset: () => void;
}

const read = (key: string | undefined): string | undefined =>
  (key !== undefined && globalThis.sessionStorage?.getItem(key)) || undefined;

const remember = (key: string | undefined, id: string | undefined): void => {
  if (key === undefined) return;
  if (id === undefined) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, id);
};

interface Submission {
  readonly id: string | undefined;
  /** Accepted, or begun before this component was: it may be watched. */
  readonly isAccepted: boolean;
  readonly error?: Error;
  readonly upload?: UploadProgress;
}

/** A button's worth of image generation: submit, follow, cancel. */
export const useGenerate = ({ resumeKey, cancelOnUnmount = false }: GenerateOptions = {}): Generate => {
  const client = useClient();
  const [submission, setSubmission] = useState<Submission>(() => ({ id: read(resumeKey), isAccepted: true }));
  const { id, isAccepted } = submission;
  const state = useTask(isAccepted ? id : undefined);

  const generate = useCallback(
    (input: TaskInput): void => {
      const newId = input.id ?? crypto.randomUUID();
      // Stored before it is sent: a page that is closed in between finds its task all the same.
      remember(resumeKey, newId);
      setSubmission({ id: newId, isAccepted: false });
      // Another one that was begun meanwhile has taken its place.
      const change = (to: Partial<Submission>): void =>
        setSubmission((now) => (now.id === newId ? { ...now, ...to } : now));
      client.submit({ ...input, id: newId }, { onUpload: (upload) => change({ upload }) }).then(
        () => change({ isAccepted: true }),
        (error: unknown) => change({ error: error as Error }),
      );
    },
    [client, resumeKey],
  );

  const isUnderWay = id !== undefined && !submission.error && (!isAccepted || state.isLive);
  const cancel = useCallback((): void => {
    if (id !== undefined) client.cancel(id).catch(() => undefined);
  }, [client, id]);
  const reset = useCallback((): void => {
    remember(resumeKey, undefined);
    setSubmission({ id: undefined, isAccepted: false });
  }, [resumeKey]);

  // A page that was closed before its submit was sent has left an id of nothing.
  const isNothing = state.error instanceof ApiError && state.error.code === 'NOT_FOUND';
  useEffect(() => {
    if (isNothing) reset();
  }, [isNothing, reset]);

  const leaving = useRef<() => void>(() => undefined);
  leaving.current = cancelOnUnmount && isUnderWay ? cancel : () => undefined;
  const isMounted = useRef(false);
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
      // StrictMode takes components away and brings them back at once: that is no leaving.
      setTimeout(() => {
        if (!isMounted.current) leaving.current();
      });
    };
  }, []);

  return {
    ...state,
    error: submission.error ?? state.error,
    isLive: isUnderWay,
    ...{ id, upload: isAccepted ? undefined : submission.upload },
    isSubmitting: id !== undefined && !isAccepted && !submission.error,
    ...{ generate, cancel, reset },
  };
};
