import type { SubmitTaskInput } from '../../contract/schema.generated.ts';
import { REQUEST_LIMITS } from '../../contract/limits.ts';
import { parseRequest, type InvalidRequest, type StoredRequest } from '../../contract/request.ts';
import { fromPayload } from './payload.ts';

export type ParsedInput =
  | {
      readonly ok: true;
      readonly request: StoredRequest;
      /** A field of the request, `txt2img.sampler`, by the name under which it was sent. */
      readonly toField: (field: string) => string;
    }
  | { readonly ok: false; readonly invalid: InvalidRequest };

type Asked = Omit<SubmitTaskInput, 'id'>;

const KINDS = [
  ['txt2img', 'TXT2IMG'],
  ['img2img', 'IMG2IMG'],
  ['upscale', 'UPSCALE'],
] as const;

/**
 * The input of submitTask as a request with every default and the seed resolved: a retry, on whichever worker, then
 * paints the same picture.
 */
export const toTaskRequest = (asked: Asked, randomSeed: (limit: number) => number): ParsedInput => {
  const given = KINDS.filter(([name]) => isGiven(asked[name]));
  const legacy = isGiven(asked.api) || isGiven(asked.payload);
  if (given.length + (legacy ? 1 : 0) !== 1) {
    const found = [...given.map(([name]) => name), ...(legacy ? ['api/payload'] : [])];
    return invalid(
      'input',
      `must hold exactly one of txt2img, img2img, upscale, or api with payload; it holds ${found.join(' and ') || 'none'}`,
    );
  }
  const translated = legacy ? fromPayload(asked.api, asked.payload) : undefined;
  if (translated && !translated.ok) return translated;
  const [name, kind] = translated?.kind ?? given[0] ?? KINDS[0];
  const parameters = translated?.parameters ?? withoutNulls(asked[name]);
  const parsed = parseRequest({
    kind,
    [name]: kind === 'UPSCALE' ? parameters : withSeed(parameters, randomSeed),
    ...(isGiven(asked.embedMetadata) && { embedMetadata: asked.embedMetadata }),
  });
  const toField = translated?.toPayloadField ?? ((field: string) => field);
  if (parsed.ok) return { ...parsed, toField };
  return invalid(toField(parsed.invalid.field), parsed.invalid.message);
};

const invalid = (field: string, message: string): ParsedInput => ({ ok: false, invalid: { field, message } });

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** -1, and nothing at all, mean a random seed, as they do for the WebUI. */
const withSeed = (parameters: unknown, randomSeed: (limit: number) => number): unknown => {
  if (typeof parameters !== 'object' || parameters === null) return parameters;
  const seed = 'seed' in parameters ? parameters.seed : undefined;
  const random = !isGiven(seed) || seed === -1;
  return { ...parameters, seed: random ? randomSeed(REQUEST_LIMITS.seed.max) : seed };
};

/** GraphQL lets a client send null for what it might as well leave out. */
const withoutNulls = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, inner]) => isGiven(inner))
          .map(([key, inner]) => [key, withoutNulls(inner)]),
      )
    : value;
