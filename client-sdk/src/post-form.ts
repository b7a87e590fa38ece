import { ApiError, NetworkError } from './errors.ts';

export interface FormPost {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly file: Blob;
  readonly signal: AbortSignal | undefined;
  /** Bytes sent so far. Called while it is sent where the platform can tell (browsers), and at the end. */
  readonly onProgress: (loaded: number) => void;
}

/** POSTs a form that S3 takes. Throws `NetworkError` where it may be tried again, else `ApiError` UPLOAD_REFUSED. */
export type PostForm = (post: FormPost) => Promise<void>;

export const postForm: PostForm = async (post) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(post.fields)) form.append(name, value);
  // S3 ignores what comes after the file.
  form.append('file', post.file);
  const send = typeof XMLHttpRequest === 'undefined' ? sendByFetch : sendByXhr;
  const { status, text } = await send(form, post);
  if (status >= 200 && status < 300) return post.onProgress(post.file.size);
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? `status ${status}`;
  if (status >= 500) throw new NetworkError(`The upload was answered with ${code}.`);
  throw new ApiError('UPLOAD_REFUSED', `The upload was refused: ${code}.`);
};

interface Answer {
  readonly status: number;
  readonly text: string;
}

const sendByFetch = async (body: FormData, { url, signal }: FormPost): Promise<Answer> => {
  try {
    const response = await fetch(url, { method: 'POST', body, ...(signal && { signal }) });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    signal?.throwIfAborted();
    throw new NetworkError('The upload did not get through.', { cause });
  }
};

/** fetch does not tell how much it has sent. */
const sendByXhr = (body: FormData, { url, signal, file, onProgress }: FormPost): Promise<Answer> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const request = new XMLHttpRequest();
    const abort = (): void => {
      request.abort();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', abort, { once: true });
    request.upload.onprogress = ({ loaded }) => onProgress(Math.min(loaded, file.size));
    request.onload = () => resolve({ status: request.status, text: request.responseText });
    request.onerror = () => reject(new NetworkError('The upload did not get through.'));
    request.onloadend = () => signal?.removeEventListener('abort', abort);
    request.open('POST', url);
    request.send(body);
  });
