import { createHash } from 'node:crypto';
import stringify from 'safe-stable-stringify';
import type { HandlerAnswer, HandlerRequest } from '../../contract/handler.ts';
import { requestKey } from '../../contract/keys.ts';
import { INLINE_REQUEST_BYTES, REQUEST_BYTES } from '../../contract/limits.ts';
import { poolOf, type Pool } from '../../contract/pool.ts';
import { modelOf } from '../../contract/request.ts';
import { megapixelStepsOf } from '../../contract/work.ts';
import type { Accept } from '../../ledger/accept.ts';
import { toNewRow } from '../../ledger/new-row.ts';
import type { RequestStore } from '../../ledger/request-store.ts';
import type { ReadNames } from './catalogue.ts';
import { checkNames } from './check-names.ts';
import { checkUploads } from './check-uploads.ts';
import { toTaskRequest } from './input.ts';
import { invalid, isUuid } from './invalid.ts';
import { toTimeLimits } from './time-limits.ts';
import type { UploadStore } from './upload-store.ts';

type SubmitRequest = Extract<HandlerRequest, { field: 'submitTask' }>;

export interface SubmitDependencies {
  readonly accept: Accept;
  readonly requests: Pick<RequestStore, 'put'>;
  /** There are none unless told. */
  readonly uploads?: Pick<UploadStore, 'look'>;
  /** All there are. */
  readonly pools: readonly Pool[];
  /** Names are accepted unchecked unless told. */
  readonly readNames?: ReadNames;
  /** A whole number from 0 up to, not including, `limit`. */
  readonly randomSeed: (limit: number) => number;
  readonly randomId: () => string;
}

const NOTHING: UploadStore['look'] = () => Promise.resolve(undefined);

/** Turns an input into a row, and has it accepted. What is refused leaves nothing behind. */
export const createSubmit =
  ({ accept, requests, uploads, pools, readNames, randomSeed, randomId }: SubmitDependencies) =>
  async ({ owner, input, now }: SubmitRequest): Promise<HandlerAnswer> => {
    const { id: givenId, ...asked } = input;
    const id = (givenId ?? randomId()).toLowerCase();
    if (!isUuid(id)) return invalid('id', 'must be a UUID');

    const time = toTimeLimits(asked);
    if (!time.ok) return invalid(time.invalid.field, time.invalid.message);
    const parsed = toTaskRequest(asked, randomSeed);
    if (!parsed.ok) return invalid(parsed.invalid.field, parsed.invalid.message);
    const model = modelOf(parsed.request);
    const pool = poolOf(model, pools);
    const names = await readNames?.(now, pool);
    const unknown = names && checkNames(parsed.request, names);
    if (unknown) return invalid(parsed.toField(unknown.field), unknown.message);
    const missing = await checkUploads(parsed.request, owner, uploads?.look ?? NOTHING);
    if (missing) return invalid(missing.field, missing.message);
    const json = JSON.stringify(parsed.request);
    const bytes = Buffer.byteLength(json);
    if (bytes > REQUEST_BYTES) return invalid('input', `has ${bytes} bytes, the limit is ${REQUEST_BYTES}`);

    const hash = createHash('sha256').update(stringify(asked)).digest('hex');
    const key = bytes > INLINE_REQUEST_BYTES ? requestKey(id, hash) : undefined;
    const row = toNewRow({
      ...{ id, owner, kind: parsed.request.kind, requestHash: hash, now, ...time.limits },
      ...{ pool, megapixelSteps: megapixelStepsOf(parsed.request), ...(model !== undefined && { model }) },
      ...(key === undefined ? { request: json } : { requestKey: key }),
    });
    return accept(row, key === undefined ? {} : { storeRequest: () => requests.put(key, json) });
  };
