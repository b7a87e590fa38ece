import { util, type DynamoDBUpdateItemRequest } from '@aws-appsync/utils';

/**
 * The clauses of one conditional UpdateItem while they are collected. Names and values of the condition get a prefix of
 * their own, since AppSync sends both maps in one call; DynamoDB refuses a call that names what it does not use.
 */
export interface Clauses {
  readonly sets: string[];
  readonly removes: string[];
  readonly conditions: string[];
  readonly names: Record<string, string>;
  readonly values: Record<string, unknown>;
  readonly conditionNames: Record<string, string>;
  readonly conditionValues: Record<string, unknown>;
}

export const noClauses = (): Clauses => ({
  sets: [],
  removes: [],
  conditions: [],
  names: {},
  values: {},
  conditionNames: {},
  conditionValues: {},
});

export const set = (clauses: Clauses, attribute: string, value: unknown): void => {
  clauses.names[`#${attribute}`] = attribute;
  clauses.values[`:${attribute}`] = value;
  clauses.sets.push(`#${attribute} = :${attribute}`);
};

export const setOnce = (clauses: Clauses, attribute: string, value: unknown): void => {
  clauses.names[`#${attribute}`] = attribute;
  clauses.values[`:${attribute}`] = value;
  clauses.sets.push(`#${attribute} = if_not_exists(#${attribute}, :${attribute})`);
};

export const increment = (clauses: Clauses, attribute: string): void => {
  clauses.names[`#${attribute}`] = attribute;
  clauses.values[':one'] = 1;
  clauses.sets.push(`#${attribute} = #${attribute} + :one`);
};

export const remove = (clauses: Clauses, attribute: string): void => {
  clauses.names[`#${attribute}`] = attribute;
  clauses.removes.push(`#${attribute}`);
};

type Comparator = '=' | '<' | '<=' | '>' | '>=';

const conditionName = (clauses: Clauses, attribute: string): string => {
  clauses.conditionNames[`#if_${attribute}`] = attribute;
  return `#if_${attribute}`;
};

const conditionValue = (clauses: Clauses, name: string, value: unknown): string => {
  clauses.conditionValues[`:if_${name}`] = value;
  return `:if_${name}`;
};

export const compare = (
  clauses: Clauses,
  attribute: string,
  comparator: Comparator,
  value: unknown,
): string =>
  `${conditionName(clauses, attribute)} ${comparator} ${conditionValue(clauses, attribute, value)}`;

export const compareAttributes = (
  clauses: Clauses,
  attribute: string,
  comparator: Comparator,
  other: string,
): string => `${conditionName(clauses, attribute)} ${comparator} ${conditionName(clauses, other)}`;

export const oneOf = (clauses: Clauses, attribute: string, values: readonly string[]): string => {
  const placeholders: string[] = [];
  for (const value of values) placeholders.push(conditionValue(clauses, value, value));
  return `${conditionName(clauses, attribute)} IN (${placeholders.join(', ')})`;
};

export const toUpdateItem = (id: string, clauses: Clauses): DynamoDBUpdateItemRequest => {
  const removes = clauses.removes.length > 0 ? ` REMOVE ${clauses.removes.join(', ')}` : '';
  return {
    operation: 'UpdateItem',
    key: util.dynamodb.toMapValues({ id }),
    update: {
      expression: `SET ${clauses.sets.join(', ')}${removes}`,
      expressionNames: clauses.names,
      expressionValues: util.dynamodb.toMapValues(clauses.values),
    },
    condition:
      clauses.conditions.length > 0
        ? {
            expression: clauses.conditions.join(' AND '),
            expressionNames: clauses.conditionNames,
            expressionValues: util.dynamodb.toMapValues(clauses.conditionValues),
          }
        : undefined,
  };
};
