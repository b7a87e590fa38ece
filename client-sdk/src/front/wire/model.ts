import { unprocessable, type FieldError } from './errors.ts';

/*
 * Request models with the manners of pydantic v1: unknown keys are dropped, strings that read as numbers are numbers,
 * floats given for integers are truncated, and there are no ranges but where a field says so.
 */

export type FieldType = 'str' | 'int' | 'float' | 'bool' | 'list' | 'dict' | 'any';

export interface Field {
  readonly type: FieldType;
  readonly nullable: boolean;
  readonly default: unknown;
  readonly gt?: number;
  readonly ge?: number;
  readonly le?: number;
}

export type Model = Readonly<Record<string, Field>>;

export const field = (
  type: FieldType,
  value: unknown,
  range: Pick<Field, 'gt' | 'ge' | 'le'> = {},
): Field => ({
  type,
  nullable: false,
  default: value,
  ...range,
});

/** A field that takes null as well. */
export const optional = (type: FieldType, value: unknown = null): Field => ({
  type,
  nullable: true,
  default: value,
});

/** Parses a body against a model; throws the 422 that lists everything that is wrong. */
export const parseModel = (model: Model, body: unknown): Record<string, unknown> => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw unprocessable([{ loc: ['body'], msg: 'value is not a valid dict', type: 'type_error.dict' }]);
  }
  const given = body as Record<string, unknown>;
  const errors: FieldError[] = [];
  const parsed = Object.fromEntries(
    Object.entries(model).map(([name, definition]) => {
      if (!Object.hasOwn(given, name)) return [name, definition.default];
      const result = coerce(definition, given[name]);
      if ('value' in result) return [name, result.value];
      errors.push({ loc: ['body', name], ...result });
      return [name, null];
    }),
  );
  if (errors.length > 0) throw unprocessable(errors);
  return parsed;
};

type Coerced = { readonly value: unknown } | Omit<FieldError, 'loc'>;

const coerce = (definition: Field, value: unknown): Coerced => {
  if (value === null) {
    return definition.nullable
      ? { value: null }
      : { msg: 'none is not an allowed value', type: 'type_error.none.not_allowed' };
  }
  const result = COERCIONS[definition.type](value);
  return 'value' in result ? checkRange(definition, result.value) : result;
};

const toNumber = (value: unknown): number | undefined => {
  if (typeof value === 'boolean') return Number(value);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && !Number.isNaN(number) ? number : undefined;
};

const COERCIONS: Readonly<Record<FieldType, (value: unknown) => Coerced>> = {
  any: (value) => ({ value }),
  str: (value) =>
    typeof value === 'string' || typeof value === 'number'
      ? { value: String(value) }
      : { msg: 'str type expected', type: 'type_error.str' },
  int: (value) => {
    const number = toNumber(value);
    const whole = typeof value === 'string' ? /^\s*[+-]?\d+\s*$/.test(value) : true;
    return number === undefined || !whole
      ? { msg: 'value is not a valid integer', type: 'type_error.integer' }
      : { value: Math.trunc(number) };
  },
  float: (value) => {
    const number = toNumber(value);
    return number === undefined
      ? { msg: 'value is not a valid float', type: 'type_error.float' }
      : { value: number };
  },
  bool: (value) => {
    const text = String(value).toLowerCase();
    if (['true', '1', 'yes', 'on', 't', 'y'].includes(text)) return { value: true };
    if (['false', '0', 'no', 'off', 'f', 'n'].includes(text)) return { value: false };
    return { msg: 'value could not be parsed to a boolean', type: 'type_error.bool' };
  },
  list: (value) =>
    Array.isArray(value) ? { value } : { msg: 'value is not a valid list', type: 'type_error.list' },
  dict: (value) =>
    typeof value === 'object' && !Array.isArray(value)
      ? { value }
      : { msg: 'value is not a valid dict', type: 'type_error.dict' },
};

const checkRange = ({ gt, ge, le }: Field, value: unknown): Coerced => {
  const number = value as number;
  const violated = (word: string, code: string, limit: number): Coerced => ({
    msg: `ensure this value is ${word} ${limit}`,
    type: `value_error.number.${code}`,
    ctx: { limit_value: limit },
  });
  if (gt !== undefined && !(number > gt)) return violated('greater than', 'not_gt', gt);
  if (ge !== undefined && !(number >= ge)) return violated('greater than or equal to', 'not_ge', ge);
  if (le !== undefined && !(number <= le)) return violated('less than or equal to', 'not_le', le);
  return { value };
};
