import * as v from 'valibot';

const schema = v.object({
  v: v.literal(1),
  pool: v.pipe(v.string(), v.nonEmpty()),
  /** Who waits: the index may not show the row yet. */
  taskId: v.pipe(v.string(), v.uuid()),
});

/** Asks for a look at a fleet at once, since somebody has come and nobody is there. */
export type WakeMessage = v.InferOutput<typeof schema>;

export const toWakeBody = (message: WakeMessage): string => JSON.stringify(message);

/** Undefined: not one of ours. A pass comes within the minute anyway. */
export const parseWake = (body: string): WakeMessage | undefined => {
  try {
    const result = v.safeParse(schema, JSON.parse(body));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
};
