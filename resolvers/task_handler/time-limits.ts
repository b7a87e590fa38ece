import { FINISH_WITHIN_SECONDS, START_WITHIN_SECONDS } from '../../contract/limits.ts';
import type { InvalidRequest } from '../../contract/request.ts';
import type { SubmitTaskInput } from '../../contract/schema.generated.ts';

type Limit = 'startWithinSeconds' | 'finishWithinSeconds';

export type TimeLimits =
  | { readonly ok: true; readonly limits: Readonly<Record<Limit, number>> }
  | { readonly ok: false; readonly invalid: InvalidRequest };

/** How long the task may wait and take. One that says when it must end has to have started by then, whatever is usual. */
export const toTimeLimits = (asked: Pick<SubmitTaskInput, Limit>): TimeLimits => {
  const finish = asked.finishWithinSeconds ?? FINISH_WITHIN_SECONDS.default;
  const start = asked.startWithinSeconds ?? Math.min(finish, START_WITHIN_SECONDS.default);
  const invalid =
    check('finishWithinSeconds', finish, FINISH_WITHIN_SECONDS) ??
    check('startWithinSeconds', start, START_WITHIN_SECONDS) ??
    (start > finish
      ? {
          field: 'startWithinSeconds',
          message: `must not exceed finishWithinSeconds, which is ${finish}`,
        }
      : undefined);
  return invalid
    ? { ok: false, invalid }
    : { ok: true, limits: { startWithinSeconds: start, finishWithinSeconds: finish } };
};

const check = (
  field: Limit,
  seconds: number,
  { min, max }: { readonly min: number; readonly max: number },
): InvalidRequest | undefined =>
  Number.isInteger(seconds) && seconds >= min && seconds <= max
    ? undefined
    : { field, message: `must be a whole number within ${min} and ${max}` };
