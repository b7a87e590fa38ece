import {
  GraphQLError,
  type GraphQLScalarType,
  isScalarType,
  valueFromASTUntyped,
  type GraphQLSchema,
} from 'graphql';
import { isIP } from 'node:net';

/*
 * AppSync's own scalars (AppSync developer guide, "scalars"). Values stay the strings they are, but for AWSJSON, which
 * resolvers see parsed.
 */

const OFFSET = String.raw`(Z|[+-]\d\d:\d\d(:\d\d)?)`;
const DATE = String.raw`\d{4}-\d\d-\d\d`;
const TIME = String.raw`\d\d:\d\d(:\d\d(\.\d{1,9})?)?`;

const matches =
  (pattern: string) =>
  (value: unknown): boolean =>
    typeof value === 'string' && new RegExp(`^${pattern}$`).test(value);

const isDateTime = (value: unknown): boolean =>
  matches(`${DATE}T${TIME}${OFFSET}`)(value) && !Number.isNaN(Date.parse(String(value).slice(0, 10)));

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  AWSDate: matches(`${DATE}${OFFSET}?`),
  AWSTime: matches(`${TIME}${OFFSET}?`),
  AWSDateTime: isDateTime,
  AWSTimestamp: Number.isInteger,
  AWSEmail: matches(String.raw`[^@\s]+@[^@\s]+`),
  AWSPhone: matches(String.raw`\+?[\d\s().-]{3,30}`),
  AWSURL: (value) => typeof value === 'string' && URL.canParse(value),
  AWSIPAddress: (value) => typeof value === 'string' && isIP(value.split('/')[0] ?? '') !== 0,
};

/** Gives the schema's AWS scalars their behaviour, in place. */
export const addScalars = (schema: GraphQLSchema): void => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isScalarType(type)) continue;
    const check = CHECKS[type.name];
    if (check) addCheck(type, check);
    if (type.name === 'AWSJSON') addJson(type);
  }
};

const addCheck = (type: GraphQLScalarType, check: (value: unknown) => boolean): void => {
  const parse = (value: unknown): unknown => {
    if (!check(value)) throw new GraphQLError(`Unable to parse ${JSON.stringify(value)} as ${type.name}.`);
    return value;
  };
  type.parseValue = parse;
  type.parseLiteral = (node, variables) => parse(valueFromASTUntyped(node, variables));
  type.serialize = (value) => {
    if (!check(value))
      throw new GraphQLError(`Can't serialize value : ${JSON.stringify(value)} is no valid ${type.name}.`);
    return value;
  };
};

const addJson = (type: GraphQLScalarType): void => {
  const parse = (value: unknown): unknown => {
    try {
      return JSON.parse(String(value)) as unknown;
    } catch {
      throw new GraphQLError(`Unable to parse ${JSON.stringify(String(value).slice(0, 80))} as AWSJSON.`);
    }
  };
  type.parseValue = parse;
  type.parseLiteral = (node, variables) => parse(valueFromASTUntyped(node, variables));
  type.serialize = (value) => JSON.stringify(value);
};
