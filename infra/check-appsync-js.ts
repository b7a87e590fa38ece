import { parse, type AnyNode, type Node } from 'acorn';
import { fullAncestor } from 'acorn-walk';
import { analyze } from 'eslint-scope';

/*
 * Whether AppSync would take a bundle. Node is a superset of APPSYNC_JS: what runs here may not deploy there, and AppSync
 * says no more than "The code contains one or more errors". The lists are those of the AppSync developer guide, "JavaScript
 * runtime features for resolvers and functions"; what they do not name is refused. It looks at bundles, not at sources,
 * because a bundler may add what nobody wrote.
 */

export interface Offence {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export const MAX_CODE_BYTES = 32 * 1024;

const NODE_TYPES = new Set(
  `Program ImportDeclaration ImportSpecifier ExportNamedDeclaration ExportSpecifier VariableDeclaration VariableDeclarator
  FunctionDeclaration FunctionExpression ArrowFunctionExpression BlockStatement ReturnStatement IfStatement SwitchStatement
  SwitchCase BreakStatement ForInStatement ForOfStatement ExpressionStatement AssignmentExpression BinaryExpression
  LogicalExpression UnaryExpression ConditionalExpression CallExpression ChainExpression MemberExpression Identifier Literal
  TemplateLiteral TemplateElement ObjectExpression Property ArrayExpression SpreadElement RestElement ObjectPattern
  ArrayPattern AssignmentPattern EmptyStatement`.split(/\s+/),
);

const INSTEAD: Readonly<Record<string, string>> = {
  ThrowStatement: 'call util.error()',
  TryStatement: 'nothing can be caught: look at ctx.error',
  NewExpression: 'there are no constructors: use literals, and util.time for dates',
  ForStatement: 'write for-of, or map() and its kin',
  WhileStatement: 'write for-of',
  DoWhileStatement: 'write for-of',
  ContinueStatement: 'turn the condition round',
  UpdateExpression: 'write += 1',
  ClassDeclaration: 'use functions over plain objects',
  ThisExpression: 'use arguments',
  AwaitExpression: 'one request is one call: use a pipeline',
};

const IMPORTS = ['@aws-appsync/utils', '@aws-appsync/utils/dynamodb', '@aws-appsync/utils/rds'];

const GLOBALS = new Set([
  'undefined',
  'NaN',
  'Infinity',
  'JSON',
  'Math',
  'Object',
  'Number',
  'String',
  'console',
]);

const STATICS: Readonly<Record<string, readonly string[]>> = {
  Object: ['assign', 'entries', 'hasOwn', 'keys', 'values'],
  Math: ['random', 'min', 'max', 'round', 'floor', 'ceil'],
  JSON: ['stringify', 'parse'],
  Number: ['isFinite', 'isNaN'],
  String: ['raw'],
  console: ['log', 'error'],
};

const WITH_CALLBACK = [
  ...['forEach', 'map', 'flatMap', 'filter', 'reduce', 'reduceRight', 'find', 'some', 'every'],
  ...['findIndex', 'findLast', 'findLastIndex'],
];

const METHODS = new Set([
  ...WITH_CALLBACK,
  ...[
    'concat',
    'fill',
    'flat',
    'indexOf',
    'join',
    'lastIndexOf',
    'pop',
    'push',
    'reverse',
    'shift',
    'slice',
    'sort',
  ],
  ...[
    'splice',
    'unshift',
    'charAt',
    'endsWith',
    'replace',
    'replaceAll',
    'split',
    'startsWith',
    'toLowerCase',
  ],
  ...['toUpperCase', 'trim', 'trimEnd', 'trimStart', 'toString'],
]);

/** Everything that AppSync would refuse, in the order of the code. Empty: it would deploy, as far as is known. */
export const checkAppSyncJs = (code: string): readonly Offence[] => {
  const bytes = Buffer.byteLength(code);
  if (bytes > MAX_CODE_BYTES) {
    return [{ line: 1, column: 0, message: `the code has ${bytes} bytes, the limit is ${MAX_CODE_BYTES}` }];
  }
  const program = parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true, ranges: true });
  const body = program.body as AnyNode[];
  const functions = namedFunctions(body);
  const names: Names = { functions, imported: importedNames(body) };
  const offences: Offence[] = [];
  const report = (node: Node, message: string): void => {
    const { line = 0, column = 0 } = node.loc?.start ?? {};
    offences.push({ line, column, message });
  };
  fullAncestor(program, (node, _state, ancestors) => {
    const message = judge(node as AnyNode, ancestors as AnyNode[], names);
    if (message !== undefined) report(node, message);
  });
  for (const { identifier } of unresolved(program)) {
    report(identifier as unknown as Node, `${identifier.name} does not exist in APPSYNC_JS`);
  }
  for (const name of recursive(functions)) {
    report(functions.get(name) as Node, `${name} calls itself: recursion is not supported`);
  }
  return offences.sort((left, right) => left.line - right.line || left.column - right.column);
};

interface Names {
  readonly functions: ReadonlyMap<string, AnyNode>;
  /** A bundler renames what several files import: `util`, `util2`. */
  readonly imported: ReadonlySet<string>;
}

const judge = (node: AnyNode, ancestors: readonly AnyNode[], names: Names): string | undefined => {
  if (!NODE_TYPES.has(node.type)) {
    const instead = INSTEAD[node.type];
    return `${node.type} is not supported${instead === undefined ? '' : `: ${instead}`}`;
  }
  switch (node.type) {
    case 'ImportDeclaration':
      return IMPORTS.includes(String(node.source.value)) ? undefined : `${node.source.raw} can't be imported`;
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return judgeFunction(node, ancestors.at(-2));
    case 'BreakStatement':
      return node.label ? 'labels are not supported' : undefined;
    case 'ForOfStatement':
      return node.await ? 'for await is not supported' : undefined;
    case 'BinaryExpression':
      return ['in', 'instanceof'].includes(node.operator) ? `${node.operator} is not supported` : undefined;
    case 'UnaryExpression':
      return node.operator === '~' ? '~ is not supported' : undefined;
    case 'Literal':
      if (node.regex) return 'regular expressions are not supported: use util.matches()';
      return node.bigint === undefined || node.bigint === null ? undefined : 'BigInt is not supported';
    case 'Property':
      return node.kind === 'init' || !('kind' in node) ? undefined : 'getters and setters are not supported';
    case 'AssignmentExpression':
      return judgeAssignment(node.left as AnyNode);
    case 'CallExpression':
      return judgeCall(node, names);
    default:
      return undefined;
  }
};

const judgeFunction = (
  node: { async?: boolean; generator?: boolean },
  parent: AnyNode | undefined,
): string | undefined => {
  if (node.async) return 'async functions are not supported: one request is one call';
  if (node.generator) return 'generators are not supported';
  if (parent?.type === 'ReturnStatement') return "a function can't be returned";
  return undefined;
};

/** `ctx` and its `stash` can be filled, but not replaced. */
const judgeAssignment = (target: AnyNode): string | undefined => {
  if (target.type === 'Identifier' && target.name === 'ctx') return "ctx can't be reassigned";
  const replaces =
    target.type === 'MemberExpression' &&
    target.object.type === 'Identifier' &&
    target.object.name === 'ctx' &&
    target.property.type === 'Identifier';
  return replaces ? `ctx.${(target.property as { name: string }).name} can't be reassigned` : undefined;
};

const rootOf = (node: AnyNode): string | undefined => {
  if (node.type === 'MemberExpression') return rootOf(node.object as AnyNode);
  return node.type === 'Identifier' ? node.name : undefined;
};

const judgeCall = (
  node: Extract<AnyNode, { type: 'CallExpression' }>,
  { functions, imported }: Names,
): string | undefined => {
  const callee = node.callee as AnyNode;
  const method =
    callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier'
      ? callee.property.name
      : undefined;
  const root = rootOf(callee);
  const isUtility = root !== undefined && imported.has(root);
  for (const argument of node.arguments as AnyNode[]) {
    if (argument.type === 'Identifier' && functions.has(argument.name)) {
      return `${argument.name} is a function: functions can't be passed, write an arrow function in place`;
    }
    const isInline = argument.type === 'ArrowFunctionExpression' || argument.type === 'FunctionExpression';
    if (isInline && (method === undefined || !WITH_CALLBACK.includes(method))) {
      return `functions can be passed to ${WITH_CALLBACK.join(', ')} only`;
    }
  }
  if (method === undefined || isUtility) return undefined;
  const statics =
    callee.type === 'MemberExpression' && callee.object.type === 'Identifier'
      ? STATICS[callee.object.name]
      : undefined;
  const known = statics ? statics.includes(method) : METHODS.has(method);
  return known ? undefined : `${statics ? `${root}.` : ''}${method}() is not supported`;
};

const importedNames = (body: readonly AnyNode[]): Set<string> =>
  new Set(
    body.flatMap((node) =>
      node.type === 'ImportDeclaration' ? node.specifiers.map(({ local }) => local.name) : [],
    ),
  );

const namedFunctions = (body: readonly AnyNode[]): Map<string, AnyNode> => {
  const found = new Map<string, AnyNode>();
  for (const statement of body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type === 'FunctionDeclaration' && declaration.id)
      found.set(declaration.id.name, declaration);
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of declaration.declarations) {
      const isFunction = init?.type === 'ArrowFunctionExpression' || init?.type === 'FunctionExpression';
      if (id.type === 'Identifier' && isFunction) found.set(id.name, init);
    }
  }
  return found;
};

const unresolved = (program: Node) =>
  analyze(program as never, { ecmaVersion: 2024, sourceType: 'module' }).globalScope?.through.filter(
    ({ identifier }) => !GLOBALS.has(identifier.name),
  ) ?? [];

const recursive = (functions: ReadonlyMap<string, AnyNode>): string[] => {
  const calls = new Map(
    [...functions].map(([name, node]) => {
      const called = new Set<string>();
      fullAncestor(node, (inner) => {
        const call = inner as AnyNode;
        if (call.type === 'CallExpression' && call.callee.type === 'Identifier') called.add(call.callee.name);
      });
      return [name, called] as const;
    }),
  );
  const reaches = (from: string, target: string, seen: Set<string>): boolean =>
    [...(calls.get(from) ?? [])].some((next) => {
      if (next === target) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, target, seen);
    });
  return [...functions.keys()].filter((name) => reaches(name, name, new Set()));
};
