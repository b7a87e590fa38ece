import type { PolicyDocument, PolicyStatement } from './types.ts';

/**
 * Whether identity-based policies allow an action on a resource (IAM user guide, "Policy evaluation logic"): some
 * statement must allow it, none may deny it. Elements that are not known here are an error, never a silent grant.
 */
export const isAllowed = (policies: readonly PolicyDocument[], action: string, resource: string): boolean => {
  const matching = policies
    .flatMap(({ Statement }) => Statement)
    .filter((statement) => matches(statement, action, resource));
  return (
    matching.some((statement) => statement.Effect === 'Allow') &&
    !matching.some((statement) => statement.Effect === 'Deny')
  );
};

const KNOWN = new Set(['Sid', 'Effect', 'Action', 'Resource']);

const matches = (statement: PolicyStatement, action: string, resource: string): boolean => {
  const { Action, Resource } = statement;
  const named = Action === undefined || list(Action).some((pattern) => isLike(pattern, action, 'i'));
  if (!named) return false;
  const unknown = Object.keys(statement).filter((element) => !KNOWN.has(element));
  if (unknown.length > 0) {
    throw new Error(
      `A policy statement about ${action} has what the local IAM does not know: ${unknown.join(', ')}`,
    );
  }
  return list(Resource).some((pattern) => isLike(pattern, resource, ''));
};

const list = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/** `*` stands for any text, `?` for one character; actions don't heed case, resources do. */
const isLike = (pattern: string, text: string, flags: string): boolean => {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`, flags).test(text);
};
