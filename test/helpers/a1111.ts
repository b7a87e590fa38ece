/* A client of the A1111 API, as plain as they come. */

export interface Progress {
  readonly progress: number;
  readonly eta_relative: number;
  readonly current_image: string | null;
  readonly state: {
    readonly interrupted: boolean;
    readonly job: string;
    readonly job_count: number;
    readonly sampling_step: number;
    readonly sampling_steps: number;
  };
}

export interface Generation {
  readonly images: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly info: string;
  /** `info`, which is JSON in a string. */
  readonly parsed: Readonly<Record<string, unknown>>;
}

export interface A1111 {
  readonly post: (path: string, body?: unknown, init?: RequestInit) => Promise<Response>;
  readonly get: (path: string) => Promise<unknown>;
  readonly progress: () => Promise<Progress>;
  readonly txt2img: (body: object) => Promise<Generation>;
  /** Polls until the condition holds: such a server has no other way to tell. Resolves with all that was seen. */
  readonly until: (condition: (now: Progress) => boolean) => Promise<readonly Progress[]>;
}

export const a1111At = (url: string, headers: Record<string, string> = {}): A1111 => {
  const post: A1111['post'] = (path, body, init) =>
    fetch(`${url}/sdapi/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...init,
    });
  const get: A1111['get'] = async (path) => (await fetch(`${url}/sdapi/v1/${path}`, { headers })).json();
  const progress = (): Promise<Progress> => get('progress') as Promise<Progress>;
  return {
    post,
    get,
    progress,
    txt2img: async (body) => {
      const response = await post('txt2img', body);
      if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
      const result = (await response.json()) as Omit<Generation, 'parsed'>;
      return { ...result, parsed: JSON.parse(result.info) as Record<string, unknown> };
    },
    until: async (condition) => {
      const seen: Progress[] = [];
      for (;;) {
        const now = await progress();
        seen.push(now);
        if (condition(now)) return seen;
      }
    },
  };
};
