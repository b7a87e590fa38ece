import * as v from 'valibot';
import { DEFAULT_POOL } from './fleet.ts';

/** A queue with the instances that take from it and the checkpoints that those have. */
export interface Pool {
  readonly name: string;
  readonly queueUrl: string;
  /** Name of its Auto Scaling group, which its metrics have as their dimension. */
  readonly group: string;
  /** Checkpoints that this pool alone serves; of the default pool: none, it takes the rest. */
  readonly models: readonly string[];
}

/** An environment variable that holds the pools as JSON. */
export const poolsVariable = v.pipe(
  v.string('is not set'),
  v.parseJson(undefined, 'is not JSON'),
  v.pipe(
    v.array(
      v.object({
        name: v.pipe(v.string(), v.nonEmpty()),
        queueUrl: v.pipe(v.string(), v.url()),
        group: v.pipe(v.string(), v.nonEmpty()),
        models: v.array(v.string()),
      }),
      'is not a list of pools',
    ),
    v.check((list) => list.some(({ name }) => name === DEFAULT_POOL), `names no pool ${DEFAULT_POOL}`),
  ),
);

/**
 * Whose task it is that asks for this checkpoint. A request may name one by its title, `name.safetensors [hash]`, by its file
 * or by its name; a pool by the name alone.
 */
export const poolOf = (model: string | undefined, all: readonly Pool[]): string =>
  all.find(({ models }) => model !== undefined && models.some((one) => bare(one) === bare(model)))?.name ??
  DEFAULT_POOL;

const bare = (model: string): string =>
  model.replace(/ \[[0-9a-f]+\]$/i, '').replace(/\.(safetensors|ckpt)$/i, '');
