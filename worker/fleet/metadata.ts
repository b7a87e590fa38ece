/** How the Instance Metadata Service is reached. */
export interface MetadataOptions {
  /** `AWS_EC2_METADATA_SERVICE_ENDPOINT`, for which the SDKs take the link-local address when it is absent. */
  readonly endpoint?: string;
  /** `AWS_EC2_METADATA_DISABLED`, which the SDKs take for true unless it is empty or `false`. */
  readonly disabled?: boolean;
  readonly fetch: typeof fetch;
}

/** The text at a path such as `/latest/meta-data/instance-id`; undefined: there is none now, or no answer. */
export type ReadMetadata = (path: string) => Promise<string | undefined>;

const DEFAULT_ENDPOINT = 'http://169.254.169.254';
const ANSWER_TIMEOUT_MS = 2000;
const TOKEN_SECONDS = 21_600;

/** Version 2 of the service: a token first, sent with every question. */
export const createMetadata = (options: MetadataOptions, signal?: AbortSignal): ReadMetadata => {
  const { endpoint = DEFAULT_ENDPOINT, disabled = false, fetch } = options;
  let token: string | undefined;

  const ask = async (method: 'GET' | 'PUT', path: string, headers: Record<string, string>) => {
    const limited = AbortSignal.any([...(signal ? [signal] : []), AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
    const response = await fetch(new URL(path, endpoint), { method, headers, signal: limited });
    const text = await response.text();
    return { status: response.status, text };
  };

  const newToken = async (): Promise<string | undefined> => {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_SECONDS) };
    const { status, text } = await ask('PUT', '/latest/api/token', headers);
    return status === 200 ? text : undefined;
  };

  return async (path) => {
    if (disabled) return undefined;
    try {
      token ??= await newToken();
      if (token === undefined) return undefined;
      const { status, text } = await ask('GET', path, { 'x-aws-ec2-metadata-token': token });
      // Its time is over: the next look is with a new one.
      if (status === 401) token = undefined;
      return status === 200 ? text : undefined;
    } catch {
      return undefined;
    }
  };
};
