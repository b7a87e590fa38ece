/*
 * Enhanced subscription filters (AppSync developer guide, "extensions" and "transformation helpers in
 * util.transform"). Within `filters` all must hold; one entry of `filterGroup` is enough.
 */

export interface SubscriptionFilter {
  readonly filterGroup: readonly { readonly filters: readonly FilterClause[] }[];
}

export interface FilterClause {
  readonly fieldName: string;
  readonly operator: string;
  readonly value: unknown;
}

type Conditions = Readonly<Record<string, unknown>>;

/**
 * `util.transform.toSubscriptionFilter`: separate fields are joined by AND, but several operators on one field by OR.
 * The result is in disjunctive normal form.
 */
export const toSubscriptionFilter = (conditions: Conditions): SubscriptionFilter => ({
  filterGroup: expand(conditions).map((filters) => ({ filters })),
});

const expand = (conditions: Conditions): FilterClause[][] =>
  Object.entries(conditions).reduce<FilterClause[][]>(
    (groups, [name, condition]) => multiply(groups, branchesOf(name, condition)),
    [[]],
  );

const branchesOf = (name: string, condition: unknown): FilterClause[][] => {
  if (name === 'and')
    return (condition as Conditions[]).reduce<FilterClause[][]>(
      (all, one) => multiply(all, expand(one)),
      [[]],
    );
  if (name === 'or') return (condition as Conditions[]).flatMap(expand);
  return Object.entries(condition as Conditions).map(([operator, value]) => [
    { fieldName: name, operator, value },
  ]);
};

const multiply = (left: FilterClause[][], right: FilterClause[][]): FilterClause[][] =>
  left.flatMap((first) => right.map((second) => [...first, ...second]));

/** Whether an event passes. An operator that AppSync does not know matches nothing. */
export const matchesFilter = (
  filter: SubscriptionFilter,
  record: Readonly<Record<string, unknown>>,
): boolean => filter.filterGroup.some(({ filters }) => filters.every((clause) => holds(clause, record)));

const holds = (
  { fieldName, operator, value }: FilterClause,
  record: Readonly<Record<string, unknown>>,
): boolean => {
  const actual = fieldName
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key], record);
  const test = OPERATORS[operator];
  return test !== undefined && test(actual ?? null, value);
};

type Test = (actual: unknown, value: unknown) => boolean;

const ordered =
  (compare: (left: string | number, right: string | number) => boolean): Test =>
  (actual, value) =>
    actual !== null && typeof actual === typeof value && compare(actual as number, value as number);

const contains: Test = (actual, value) =>
  Array.isArray(actual)
    ? actual.includes(value)
    : typeof actual === 'string' && actual.includes(String(value));

const OPERATORS: Readonly<Record<string, Test>> = {
  eq: (actual, value) => actual === value,
  ne: (actual, value) => actual !== value,
  lt: ordered((left, right) => left < right),
  le: ordered((left, right) => left <= right),
  gt: ordered((left, right) => left > right),
  ge: ordered((left, right) => left >= right),
  contains,
  notContains: (actual, value) => !contains(actual, value),
  beginsWith: (actual, value) => typeof actual === 'string' && actual.startsWith(String(value)),
  in: (actual, value) => (value as unknown[]).includes(actual),
  notIn: (actual, value) => !(value as unknown[]).includes(actual),
  // The guide's example, [1, 5] for 2, 3 and 4, reads exclusive. Unverified.
  between: (actual, value) => {
    const [low, high] = value as [unknown, unknown];
    return (
      ordered((left, right) => left > right)(actual, low) &&
      ordered((left, right) => left < right)(actual, high)
    );
  },
  containsAny: (actual, value) =>
    Array.isArray(actual) && actual.some((item) => (value as unknown[]).includes(item)),
};
