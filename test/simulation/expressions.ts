/*
 * As much of DynamoDB's update and condition expressions as `updateTask` writes, over plain values. A property test holds it
 * against dynalite.
 *
 *   update:     SET a = :v, a = a + :v, a = if_not_exists(a, :v)   REMOVE a, b
 *   condition:  a = :v, a < b, a IN (:v, :w), AND, OR, parentheses
 */

export interface Expression {
  readonly expression: string;
  readonly expressionNames?: Readonly<Record<string, string>>;
  readonly expressionValues?: Readonly<Record<string, unknown>>;
}

export type Item = Readonly<Record<string, unknown>>;

interface Scope {
  readonly item: Item;
  readonly values: Readonly<Record<string, unknown>>;
}

type Evaluate<T> = (scope: Scope) => T;

/** Whether the item, which may not exist, meets the condition. An attribute that is absent meets no comparison. */
export const meets = (item: Item | undefined, condition: Expression): boolean =>
  compiled(
    conditions,
    condition,
    parseCondition,
  )({
    item: item ?? {},
    values: condition.expressionValues ?? {},
  });

/** The item after the update. Every clause reads the item as it was before. */
export const updated = (item: Item, update: Expression): Item =>
  compiled(updates, update, parseUpdate)({ item, values: update.expressionValues ?? {} });

const conditions = new Map<string, Evaluate<boolean>>();
const updates = new Map<string, Evaluate<Item>>();

/** Names stand for the same attributes in every expression of the same text: `updateTask` derives one from the other. */
const compiled = <T>(
  cache: Map<string, Evaluate<T>>,
  { expression, expressionNames = {} }: Expression,
  parse: (tokens: Tokens) => Evaluate<T>,
): Evaluate<T> => {
  const known = cache.get(expression);
  if (known) return known;
  const tokens = tokenize(expression, expressionNames);
  const evaluate = parse(tokens);
  if (tokens.peek() !== undefined) throw new Error(`Not understood from "${tokens.peek()}": ${expression}`);
  cache.set(expression, evaluate);
  return evaluate;
};

interface Tokens {
  readonly peek: () => string | undefined;
  readonly next: () => string;
  readonly take: (token: string) => boolean;
  readonly nameOf: (token: string) => string;
}

const tokenize = (expression: string, names: Readonly<Record<string, string>>): Tokens => {
  const list = expression.match(/[#:]?\w+|<=|>=|<>|[()=<>,+]/g) ?? [];
  let at = 0;
  const peek = (): string | undefined => list[at];
  const next = (): string => {
    const token = list[at];
    if (token === undefined) throw new Error(`Ends too early: ${expression}`);
    at += 1;
    return token;
  };
  return {
    peek,
    next,
    take: (token) => {
      if (peek() !== token) return false;
      at += 1;
      return true;
    },
    nameOf: (token) => names[token] ?? token,
  };
};

const parseOperand = (tokens: Tokens): Evaluate<unknown> => {
  const token = tokens.next();
  if (token.startsWith(':')) return ({ values }) => values[token];
  if (token === 'if_not_exists') {
    tokens.take('(');
    const name = tokens.nameOf(tokens.next());
    tokens.take(',');
    const otherwise = parseOperand(tokens);
    tokens.take(')');
    return (scope) => scope.item[name] ?? otherwise(scope);
  }
  const name = tokens.nameOf(token);
  return ({ item }) => item[name];
};

const parseCondition = (tokens: Tokens): Evaluate<boolean> => {
  let left = parseConjunction(tokens);
  while (tokens.take('OR')) {
    const [first, second] = [left, parseConjunction(tokens)];
    left = (scope) => first(scope) || second(scope);
  }
  return left;
};

const parseConjunction = (tokens: Tokens): Evaluate<boolean> => {
  let left = parseComparison(tokens);
  while (tokens.take('AND')) {
    const [first, second] = [left, parseComparison(tokens)];
    left = (scope) => first(scope) && second(scope);
  }
  return left;
};

const parseComparison = (tokens: Tokens): Evaluate<boolean> => {
  if (tokens.take('(')) {
    const inner = parseCondition(tokens);
    tokens.take(')');
    return inner;
  }
  const left = parseOperand(tokens);
  const comparator = tokens.next();
  if (comparator === 'IN') {
    const options: Evaluate<unknown>[] = [];
    do tokens.next();
    while (tokens.peek() !== ')' && options.push(parseOperand(tokens)) && tokens.peek() === ',');
    tokens.take(')');
    return (scope) => options.some((option) => isEqual(left(scope), option(scope)));
  }
  const right = parseOperand(tokens);
  const compare = COMPARATORS[comparator];
  if (!compare) throw new Error(`Unknown comparator ${comparator}`);
  return (scope) => compare(left(scope), right(scope));
};

const isEqual = (left: unknown, right: unknown): boolean => left !== undefined && left === right;

/** Only of one kind: a number is neither below nor above a text. */
const ordered =
  (holds: (left: number | string, right: number | string) => boolean) =>
  (left: unknown, right: unknown): boolean =>
    typeof left === typeof right &&
    (typeof left === 'number' || typeof left === 'string') &&
    holds(left, right as number | string);

const COMPARATORS: Readonly<Record<string, (left: unknown, right: unknown) => boolean>> = {
  '=': isEqual,
  '<': ordered((left, right) => left < right),
  '<=': ordered((left, right) => left <= right),
  '>': ordered((left, right) => left > right),
  '>=': ordered((left, right) => left >= right),
};

const parseUpdate = (tokens: Tokens): Evaluate<Item> => {
  const sets: { readonly name: string; readonly value: Evaluate<unknown> }[] = [];
  const removes: string[] = [];
  while (tokens.peek() !== undefined) {
    const clause = tokens.next();
    do {
      const name = tokens.nameOf(tokens.next());
      if (clause === 'REMOVE') removes.push(name);
      else if (clause === 'SET' && tokens.take('=')) sets.push({ name, value: parseSum(tokens) });
      else throw new Error(`Unknown clause ${clause}`);
    } while (tokens.take(','));
  }
  const all = [...sets.map(({ name }) => name), ...removes];
  if (new Set(all).size < all.length) throw new Error('Two document paths overlap with each other');
  return (scope) => {
    const item: Record<string, unknown> = { ...scope.item };
    for (const { name, value } of sets) item[name] = value(scope);
    for (const name of removes) delete item[name];
    return item;
  };
};

const parseSum = (tokens: Tokens): Evaluate<unknown> => {
  const left = parseOperand(tokens);
  if (!tokens.take('+')) return left;
  const right = parseOperand(tokens);
  return (scope) => {
    const sum = Number(left(scope)) + Number(right(scope));
    // DynamoDB refuses to count with what is not there.
    if (Number.isNaN(sum)) throw new Error('An operand of + is no number');
    return sum;
  };
};
