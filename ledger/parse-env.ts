import * as v from 'valibot';

export type Env = Readonly<Record<string, string | undefined>>;

/** What a variable can be. */
export const text = v.pipe(v.string('is not set'), v.nonEmpty('is empty'));
export const url = v.pipe(text, v.url('is not a URL'));
export const count = v.pipe(text, v.regex(/^[1-9]\d*$/, 'is not a whole number from 1'), v.transform(Number));

type Schema = Parameters<typeof v.object>[0];

/** Reads a process's environment. Throws, naming every problem at once. */
export const parseEnv = <const T extends Schema>(
  who: string,
  entries: T,
  env: Env,
): v.InferOutput<v.ObjectSchema<T, undefined>> => {
  // Every key is there, so that a missing one is told by its own schema, and not as an invalid key.
  const present = Object.fromEntries(Object.keys(entries).map((name) => [name, env[name]]));
  const result = v.safeParse(v.object(entries), present);
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`);
  throw new Error(`${who} can't start: ${problems.join('; ')}`);
};
