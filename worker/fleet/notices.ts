import * as v from 'valibot';
import type { Clock } from '../clock.ts';

/** That this instance will go, learned from its own metadata. */
export interface Notice {
  readonly reason: 'spot' | 'scale-in';
  /** When it goes, in milliseconds since 1970; absent: when its lifecycle hook is completed. */
  readonly until?: number;
}

export interface NoticesOptions {
  /** `AWS_EC2_METADATA_SERVICE_ENDPOINT`, for which the SDKs take the link-local address when it is absent. */
  readonly endpoint?: string;
  /** `AWS_EC2_METADATA_DISABLED`, which the SDKs take for true unless it is empty or `false`. */
  readonly disabled?: boolean;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

const DEFAULT_ENDPOINT = 'http://169.254.169.254';
/** What EC2 recommends: a spot instance has two minutes. */
const POLL_INTERVAL_MS = 5000;
const ANSWER_TIMEOUT_MS = 2000;
const TOKEN_SECONDS = 21_600;

const instanceAction = v.object({ action: v.string(), time: v.pipe(v.string(), v.isoTimestamp()) });

/**
 * Waits until EC2 or Auto Scaling says that the instance must go. Undefined: the signal came first. Metadata that can't
 * be had or read says nothing: a worker that stopped for a hiccup would cost more than one that is told a little later.
 */
export const watchNotices = async (
  options: NoticesOptions,
  signal: AbortSignal,
): Promise<Notice | undefined> => {
  const { disabled = false, clock } = options;
  const metadata = createMetadata(options, signal);
  while (!signal.aborted) {
    const notice = disabled ? undefined : await readNotice(metadata);
    if (notice) return notice;
    await clock.delay(POLL_INTERVAL_MS, signal).catch(() => undefined);
  }
  return undefined;
};

/** The text of a metadata item; undefined: there is none now, or no answer. */
type ReadMetadata = (item: string) => Promise<string | undefined>;

const createMetadata = (options: NoticesOptions, signal: AbortSignal): ReadMetadata => {
  const { endpoint = DEFAULT_ENDPOINT, fetch } = options;
  let token: string | undefined;

  const ask = async (method: 'GET' | 'PUT', path: string, headers: Record<string, string>) => {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
    const response = await fetch(new URL(path, endpoint), { method, headers, signal: limited });
    const text = await response.text();
    return { status: response.status, text };
  };

  const newToken = async (): Promise<string | undefined> => {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_SECONDS) };
    const { status, text } = await ask('PUT', '/latest/api/token', headers);
    return status === 200 ? text : undefined;
  };

  return async (item) => {
    try {
      token ??= await newToken();
      if (token === undefined) return undefined;
      const { status, text } = await ask('GET', `/latest/meta-data/${item}`, {
        'x-aws-ec2-metadata-token': token,
      });
      // Its time is over: the next look is with a new one.
      if (status === 401) token = undefined;
      return status === 200 ? text : undefined;
    } catch {
      return undefined;
    }
  };
};

const readNotice = async (metadata: ReadMetadata): Promise<Notice | undefined> => {
  const spot = toSpotNotice(await metadata('spot/instance-action'));
  if (spot) return spot;
  const target = await metadata('autoscaling/target-lifecycle-state');
  return target === 'Terminated' ? { reason: 'scale-in' } : undefined;
};

/** Whether it is stopped, hibernated or terminated, whatever runs is lost. */
const toSpotNotice = (text: string | undefined): Notice | undefined => {
  try {
    const parsed = v.safeParse(instanceAction, JSON.parse(text ?? ''));
    return parsed.success ? { reason: 'spot', until: Date.parse(parsed.output.time) } : undefined;
  } catch {
    return undefined;
  }
};
