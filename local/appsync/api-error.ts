import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import { ResolverError } from './runtime/errors.ts';
import type { ApiError } from './types.ts';

/** An error as AppSync words it: everything at the top level, nothing under `extensions`. */
export const toApiError = (error: GraphQLError): ApiError => {
  const { originalError, path } = error;
  const base = { path: path ?? null, locations: toLocations(error.locations) };
  if (originalError instanceof ResolverError) {
    const { errorType, errorInfo, data, message } = originalError;
    return { ...base, data, errorType, errorInfo, message };
  }
  const nonNull = /^Cannot return null for non-nullable field (\w+)\.(\w+)\.$/.exec(error.message);
  if (nonNull && path) {
    const message = `Cannot return null for non-nullable type: '${nonNull[2]}' within parent '${nonNull[1]}' (/${path.join('/')})`;
    return { path, locations: null, message };
  }
  return { ...base, data: null, errorType: null, errorInfo: null, message: error.message };
};

/** graphql-js words validation its own way; the shape is AppSync's. */
export const toValidationError = (error: GraphQLError): ApiError => ({
  path: null,
  locations: toLocations(error.locations),
  message: `Validation error: ${error.message}`,
});

/** Of variables that do not fit: AppSync gives them no place. */
export const toVariablesError = (error: GraphQLError): ApiError => ({
  path: null,
  locations: null,
  message: error.message,
});

const toLocations = (locations: GraphQLFormattedError['locations']): ApiError['locations'] =>
  (locations ?? []).map(({ line, column }) => ({ line, column, sourceName: null }));
