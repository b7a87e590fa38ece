import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AccessKey } from '../iam/types.ts';
import { toSigningKey } from '../iam/verify-signature.ts';

/*
 * A presigned POST from S3's side (S3 user guide, "POST policy" and "Browser-based uploads using POST"): a form whose policy
 * says what it may hold, signed by whoever let it be used. Every field must be covered by a condition.
 */

export interface PostedForm {
  readonly bucket: string;
  readonly contentType: string;
  readonly body: Buffer;
}

export interface Upload {
  readonly key: string;
  readonly contentType: string | undefined;
  readonly bytes: Buffer;
  /** What the answer's status is to be. */
  readonly status: 200 | 201 | 204;
  readonly signer: AccessKey;
}

export class PostRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface PostVerifierOptions {
  readonly lookup: (accessKeyId: string) => AccessKey | undefined;
  readonly clock?: (() => number) | undefined;
}

export type VerifyPost = (form: PostedForm) => Promise<Upload>;

/** Throws `PostRefusal`. */
export const createPostVerifier = ({ lookup, clock = Date.now }: PostVerifierOptions): VerifyPost => {
  return async (form) => {
    const { fields, file } = await readForm(form);
    const signer = verifySigner(fields, lookup);
    const policy = readPolicy(fields.get('policy') ?? '');
    if (!(Date.parse(policy.expiration) > clock())) throw denied('Policy expired.');
    for (const condition of policy.conditions) meet(condition, fields, form.bucket, file.length);
    const covered = new Set(policy.conditions.map(({ field }) => field));
    const extra = [...fields.keys()].filter((name) => !UNCONDITIONED.has(name) && !covered.has(name));
    const [stranger] = extra.filter((name) => !name.startsWith('x-ignore-'));
    if (stranger !== undefined) throw denied(`Extra input fields: ${stranger}`);
    const key = fields.get('key');
    if (!key) throw new PostRefusal(400, 'InvalidArgument', "Bucket POST must contain a field named 'key'.");
    const wanted = Number(fields.get('success_action_status'));
    return {
      ...{ key, signer, bytes: file, contentType: fields.get('content-type') },
      status: wanted === 200 || wanted === 201 ? wanted : 204,
    };
  };
};

const denied = (why: string): PostRefusal =>
  new PostRefusal(403, 'AccessDenied', `Invalid according to Policy: ${why}`);

interface Form {
  /** By name in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly file: Buffer;
}

const malformed = (message: string): PostRefusal => new PostRefusal(400, 'MalformedPOSTRequest', message);

/** What comes after the file is ignored. */
const readForm = async ({ contentType, body }: PostedForm): Promise<Form> => {
  const response = new Response(new Uint8Array(body), { headers: { 'content-type': contentType } });
  const parsed = await response.formData().catch(() => {
    throw malformed('The body of your POST request is not well-formed multipart/form-data.');
  });
  const entries: [string, FormDataEntryValue][] = [];
  parsed.forEach((value, name) => entries.push([name, value]));
  const fields = new Map<string, string>();
  for (const [name, value] of entries) {
    if (name.toLowerCase() === 'file')
      return {
        fields,
        file: typeof value === 'string' ? Buffer.from(value) : Buffer.from(await value.arrayBuffer()),
      };
    if (typeof value === 'string') fields.set(name.toLowerCase(), value);
  }
  throw new PostRefusal(400, 'InvalidArgument', 'POST requires exactly one file upload per request.');
};

const verifySigner = (fields: Form['fields'], lookup: PostVerifierOptions['lookup']): AccessKey => {
  const policy = fields.get('policy');
  const [accessKeyId = '', date = '', region = '', service = ''] =
    fields.get('x-amz-credential')?.split('/') ?? [];
  if (policy === undefined || accessKeyId === '') throw new PostRefusal(403, 'AccessDenied', 'Access Denied');
  const key = lookup(accessKeyId);
  if (!key)
    throw new PostRefusal(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    );
  if (key.sessionToken !== fields.get('x-amz-security-token'))
    throw new PostRefusal(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.');
  const expected = createHmac('sha256', toSigningKey(key.secretAccessKey, date, region, service))
    .update(policy)
    .digest();
  const given = Buffer.from(fields.get('x-amz-signature') ?? '', 'hex');
  const isAlgorithm = fields.get('x-amz-algorithm') === 'AWS4-HMAC-SHA256' && service === 's3';
  if (isAlgorithm && given.length === expected.length && timingSafeEqual(given, expected)) return key;
  throw new PostRefusal(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided.',
  );
};

/** Not under the policy's rule. The rest of the signature is: the SDK lists it. */
const UNCONDITIONED = new Set(['policy', 'x-amz-signature', 'awsaccesskeyid', 'signature', 'bucket']);

interface Condition {
  readonly kind: 'eq' | 'starts-with' | 'content-length-range';
  /** In lower case, without its `$`. */
  readonly field: string;
  readonly value: string;
  readonly range: readonly [number, number];
  /** As it stands in the policy. */
  readonly raw: unknown;
}

interface Policy {
  readonly expiration: string;
  readonly conditions: readonly Condition[];
}

const readPolicy = (encoded: string): Policy => {
  const invalid = (why: string): PostRefusal =>
    new PostRefusal(400, 'InvalidPolicyDocument', `Invalid Policy: ${why}`);
  let policy: { expiration?: unknown; conditions?: unknown };
  try {
    policy = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as typeof policy;
  } catch {
    throw invalid('Invalid JSON.');
  }
  const { expiration, conditions } = policy;
  if (typeof expiration !== 'string') throw invalid("Policy missing 'expiration'.");
  if (!Array.isArray(conditions)) throw invalid("Policy missing 'conditions'.");
  const read = (raw: unknown): Condition[] => {
    if (!Array.isArray(raw))
      return Object.entries(raw as object).map(([name, value]) => toCondition('eq', name, value, raw));
    const [kind, first, second] = raw as unknown[];
    const name = String(kind).toLowerCase();
    if (name === 'content-length-range')
      return [{ ...toCondition(name, name, '', raw), range: [+String(first), +String(second)] }];
    if (name !== 'eq' && name !== 'starts-with') throw invalid(`Unknown condition ${name}.`);
    return [toCondition(name, String(first).replace(/^\$/, ''), second, raw)];
  };
  return { expiration, conditions: (conditions as unknown[]).flatMap(read) };
};

const toCondition = (kind: Condition['kind'], field: string, value: unknown, raw: unknown): Condition => ({
  ...{ kind, raw, field: field.toLowerCase(), value: String(value) },
  range: [0, Infinity],
});

const meet = (condition: Condition, fields: Form['fields'], bucket: string, bytes: number): void => {
  const { kind, field, value, range, raw } = condition;
  if (kind === 'content-length-range') {
    if (bytes < range[0])
      throw new PostRefusal(
        400,
        'EntityTooSmall',
        'Your proposed upload is smaller than the minimum allowed size',
      );
    if (bytes > range[1])
      throw new PostRefusal(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
    return;
  }
  const given = field === 'bucket' ? bucket : (fields.get(field) ?? '');
  const isMet = kind === 'eq' ? given === value : given.startsWith(value);
  if (!isMet)
    throw denied(
      `Policy Condition failed: ${JSON.stringify(Array.isArray(raw) ? raw : ['eq', `$${field}`, value])}`,
    );
};
