import { ApiError, createClient, type SubmitTaskInput, type Task } from '../../client-sdk/src/index.ts';

/* What a web page does with the client. Bundled for the browser, where a test calls it as `window.app`. */

export interface Picture {
  readonly contentType: string;
  readonly width: number;
}

export interface Refusal {
  readonly isApiError: boolean;
  readonly code: string;
  readonly field: string | undefined;
}

const statusLine = document.createElement('p');
document.body.append(statusLine);

const toApp = (endpoint: string, apiKey: string) => {
  const client = createClient({ endpoint, auth: { apiKey } });
  return {
    /** Every snapshot from submit to the end. */
    run: async (input: SubmitTaskInput): Promise<Task[]> => {
      const updates: Task[] = [];
      await client.run(input, {
        onUpdate: (task) => {
          updates.push(task);
          statusLine.textContent = task.status;
        },
      });
      return updates;
    },
    /** Reads an image as a script does, then shows it. */
    show: async (url: string): Promise<Picture> => {
      const response = await fetch(url);
      const { type } = await response.blob();
      const image = document.createElement('img');
      image.src = url;
      await image.decode();
      document.body.append(image);
      return { contentType: type, width: image.naturalWidth };
    },
    /** What a submit is refused with. */
    refusal: async (input: SubmitTaskInput): Promise<Refusal> => {
      try {
        await client.submit(input);
      } catch (error) {
        const { code, field } = error as ApiError;
        return { isApiError: error instanceof ApiError, code, field };
      }
      throw new Error('The submit was accepted');
    },
  };
};

declare global {
  interface Window {
    app: ReturnType<typeof toApp>;
  }
}

const query = new URLSearchParams(location.search);
window.app = toApp(query.get('endpoint') ?? '', query.get('key') ?? '');
