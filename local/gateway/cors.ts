import type { IncomingMessage, ServerResponse } from 'node:http';

/** One of a bucket's rules, as the template has it. */
export interface CorsRule {
  readonly AllowedMethods: readonly string[];
  readonly AllowedOrigins: readonly string[];
  readonly AllowedHeaders?: readonly string[];
  readonly ExposedHeaders?: readonly string[];
  readonly MaxAge?: number;
}

export type CorsOf = (bucket: string) => readonly CorsRule[];

const isAllowed = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => pattern === '*' || pattern.toLowerCase() === name.toLowerCase());

/**
 * What S3 does for a browser (S3 user guide, "Using cross-origin resource sharing"): the first rule that allows origin and
 * method speaks, to a preflight and on the answer itself. True: it was a preflight, and is answered.
 */
export const applyCors = (
  request: IncomingMessage,
  response: ServerResponse,
  rules: readonly CorsRule[],
): boolean => {
  const { origin } = request.headers;
  const isPreflight = request.method === 'OPTIONS';
  if (origin === undefined && !isPreflight) return false;
  const method = isPreflight ? request.headers['access-control-request-method'] : request.method;
  const asked = (request.headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim());
  const rule = rules.find(
    ({ AllowedMethods, AllowedOrigins, AllowedHeaders = [] }) =>
      isAllowed(AllowedMethods, method ?? '') &&
      isAllowed(AllowedOrigins, origin ?? '') &&
      (!isPreflight || asked.every((name) => name === '' || isAllowed(AllowedHeaders, name))),
  );
  if (rule) {
    const { AllowedMethods, AllowedOrigins, ExposedHeaders, MaxAge } = rule;
    const isAnybody = AllowedOrigins.includes('*');
    response.setHeader('access-control-allow-origin', isAnybody ? '*' : (origin ?? ''));
    response.setHeader('access-control-allow-methods', AllowedMethods.join(', '));
    if (asked.join('') !== '') response.setHeader('access-control-allow-headers', asked.join(', '));
    if (ExposedHeaders) response.setHeader('access-control-expose-headers', ExposedHeaders.join(', '));
    if (MaxAge !== undefined) response.setHeader('access-control-max-age', MaxAge);
  }
  if (!isPreflight) return false;
  response.writeHead(rule ? 200 : 403).end();
  return true;
};
