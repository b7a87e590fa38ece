import { describe, expect, it } from 'vitest';
import { checkAppSyncJs, MAX_CODE_BYTES } from './check-appsync-js.ts';
import { readResolvers } from './resolver-code.ts';

const inHandler = (body: string): string =>
  `import { util } from '@aws-appsync/utils';\nexport function request(ctx) {\n${body}\n}\nexport function response(ctx) { return ctx.result; }`;

describe('checkAppSyncJs', () => {
  it.each([
    'const { a, ...rest } = ctx.args; return { ...rest, a: a ?? `x${rest.b}` };',
    'let sum = 0; for (const n of ctx.args.list) { if (n > 1) { sum += n; } } return sum;',
    "switch (ctx.args.kind) { case 'a': return 1; default: break; } return null;",
    'return ctx.args.list.filter((x) => x).map((x) => x.name).join(",");',
    'ctx.stash.seen = true; return Object.keys(ctx.args ?? {});',
    "if (!ctx.args.id) util.error('no id', 'VALIDATION'); return util.time.nowISO8601();",
    'return JSON.parse(ctx.args.json)?.a ?? Math.max(1, 2);',
  ])('takes %s', (body) => {
    expect(checkAppSyncJs(inHandler(body))).toEqual([]);
  });

  it.each([
    ["throw 'x';", 'call util.error()'],
    ['return new Date();', 'constructors'],
    ['try { return 1; } catch { return 2; }', 'TryStatement'],
    ['for (let i = 0; i < 3; i += 1) {}', 'for-of'],
    ['while (true) {}', 'WhileStatement'],
    ['do {} while (true);', 'DoWhileStatement'],
    ['for (const a of [1]) { if (a) continue; }', 'ContinueStatement'],
    ['let a = 1; a++; return a;', '+= 1'],
    ['return ~ctx.args.a;', '~'],
    ["return 'a' in ctx.args;", 'in is not supported'],
    ['return ctx.args instanceof Object;', 'instanceof'],
    ['return /a/;', 'util.matches()'],
    ['return 1n;', 'BigInt'],
    ['class A {} return null;', 'ClassDeclaration'],
    ['return this;', 'ThisExpression'],
    ['const f = async () => 1; return null;', 'async'],
    ['const f = function* () {}; return null;', 'generators'],
    ['return { get a() { return 1; } };', 'getters'],
    ['ctx = {}; return ctx;', "ctx can't be reassigned"],
    ['ctx.stash = {}; return null;', "ctx.stash can't be reassigned"],
    ['outer: for (const a of [1]) { break outer; }', 'LabeledStatement'],
    ['return Date.now();', 'Date does not exist'],
    ['return process.env.A;', 'process does not exist'],
    ['return Promise.resolve();', 'Promise does not exist'],
    ['return fetch(ctx.args.url);', 'fetch does not exist'],
    ['return parseInt(ctx.args.a);', 'parseInt does not exist'],
    ['return [1].includes(1);', 'includes() is not supported'],
    ["return 'a'.padStart(2);", 'padStart() is not supported'],
    ['return Object.freeze({});', 'Object.freeze() is not supported'],
    ['return Object.fromEntries([]);', 'Object.fromEntries() is not supported'],
    ['return [2, 1].sort((a, b) => a - b);', 'functions can be passed to'],
    ['return [1].map(helper);\n}\nfunction helper(a) { return a;', 'helper is a function'],
    ['return () => 1;', "can't be returned"],
    [
      'return loop(1);\n}\nfunction loop(a) { return again(a); }\nfunction again(a) { return loop(a);',
      'recursion',
    ],
  ])('refuses %s, saying what is wrong', (body, message) => {
    expect(checkAppSyncJs(inHandler(body)).map((offence) => offence.message)).toContainEqual(
      expect.stringContaining(message),
    );
  });

  it('refuses imports that AppSync does not have, and names the place', () => {
    expect(checkAppSyncJs("import fs from 'node:fs';\nexport const request = () => fs;")).toContainEqual({
      line: 1,
      column: 0,
      message: "'node:fs' can't be imported",
    });
  });

  it('refuses code beyond 32 KB', () => {
    expect(checkAppSyncJs(`// ${'x'.repeat(MAX_CODE_BYTES)}`)[0]?.message).toContain('the limit is 32768');
  });
});

describe('readResolvers', () => {
  it('bundles every resolver into what APPSYNC_JS can run', () => {
    const resolvers = readResolvers();
    expect(resolvers.map(({ name }) => name)).toContain('Mutation.updateTask');
    expect(resolvers.find(({ name }) => name === 'Query.tasks')?.functions.map(({ name }) => name)).toEqual([
      '1.list',
      '2.get',
    ]);
  });
});
