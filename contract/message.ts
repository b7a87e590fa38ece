import * as v from 'valibot';

const schema = v.object({
  v: v.literal(1),
  taskId: v.pipe(v.string(), v.uuid()),
  /** Counts the messages about this task; the dead-letter consumer may end the task only by its newest message. */
  dispatch: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** AWS X-Ray trace header of the submit, where there is one. */
  trace: v.optional(v.pipe(v.string(), v.maxLength(256))),
});

/** The doorbell in SQS: it says that a task may be waiting, the row says what is true. */
export type TaskMessage = v.InferOutput<typeof schema>;

export const toMessageBody = (message: TaskMessage): string => JSON.stringify(message);

/** Parses a message's body. Says what is wrong with it; never throws. */
export const parseMessage = (
  body: string | undefined,
): { ok: true; message: TaskMessage } | { ok: false; reason: string } => {
  let json: unknown;
  try {
    json = JSON.parse(body ?? '');
  } catch {
    return { ok: false, reason: 'the body is not JSON' };
  }
  const result = v.safeParse(schema, json);
  if (result.success) return { ok: true, message: result.output };
  const issue = result.issues[0];
  // Not issue.message, which quotes what was found there: nobody knows what that is, and reasons are logged.
  return { ok: false, reason: `${v.getDotPath(issue) ?? 'body'}: fails the check "${issue.type}"` };
};
