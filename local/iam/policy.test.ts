import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAllowed } from './policy.ts';
import type { PolicyStatement } from './types.ts';

const UPDATE = 'arn:aws:appsync:us-east-1:111111111111:apis/abc/types/Mutation/fields/updateTask';

const allow = (Action: string | string[], Resource: string | string[]): PolicyStatement => ({
  Effect: 'Allow',
  Action,
  Resource,
});

const decide = (Statement: PolicyStatement[], action = 'appsync:GraphQL', resource = UPDATE): boolean =>
  isAllowed([{ Statement }], action, resource);

describe('isAllowed', () => {
  it('grants nothing without a statement that allows it', () => {
    expect(decide([])).toBe(false);
    expect(decide([allow('appsync:GraphQL', UPDATE.replace('updateTask', 'submitTask'))])).toBe(false);
    expect(decide([allow('dynamodb:PutItem', '*')])).toBe(false);
  });

  it('heeds wildcards, and the case of resources but not of actions', () => {
    expect(decide([allow('appsync:*', UPDATE)])).toBe(true);
    expect(decide([allow('APPSYNC:graphql', [UPDATE])])).toBe(true);
    expect(decide([allow(['s3:GetObject', 'appsync:Graph??'], UPDATE.replace('updateTask', '*'))])).toBe(
      true,
    );
    expect(decide([allow('appsync:GraphQL', UPDATE.toUpperCase())])).toBe(false);
  });

  it('lets a deny win over any number of allows', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('*', 'appsync:*', 'appsync:GraphQL')), (actions) => {
        const allows = actions.map((action) => allow(action, '*'));
        expect(decide([...allows, { ...allow('appsync:GraphQL', UPDATE), Effect: 'Deny' }])).toBe(false);
      }),
    );
  });

  it('matches any text against itself and against a star, and a longer one against neither', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => !/[*?]/.test(text)),
        (text) => {
          expect(decide([allow('a:b', text)], 'a:b', text)).toBe(true);
          expect(decide([allow('a:b', '*')], 'a:b', text)).toBe(true);
          expect(decide([allow('a:b', text)], 'a:b', `${text}x`)).toBe(false);
        },
      ),
    );
  });

  it('refuses to guess what a condition means', () => {
    const statement = { ...allow('appsync:GraphQL', UPDATE), Condition: { Bool: {} } };
    expect(() => decide([statement])).toThrow('Condition');
  });
});
