// GraphQL Code Generator plugin: every operation becomes a string with a structural brand. Amplify's `graphql()` infers
// variables and result from that brand (`GeneratedQuery`, `GeneratedMutation`, `GeneratedSubscription` of
// @aws-amplify/api-graphql); typed document nodes and `TypedDocumentString` do not fit it, because Amplify brings its own
// copy of graphql.
const { concatAST, Kind, print, visit } = require('graphql');

const KINDS = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' };

/** The operation with just those fragments that it uses, in the order of first use. */
const withFragments = (operation, fragments) => {
  const used = new Map();
  const collect = (node) =>
    visit(node, {
      FragmentSpread({ name }) {
        if (used.has(name.value)) return;
        const fragment = fragments.find((candidate) => candidate.name.value === name.value);
        if (!fragment) throw new Error(`${operation.name.value} uses an unknown fragment: ${name.value}`);
        used.set(name.value, fragment);
        collect(fragment);
      },
    });
  collect(operation);
  return [operation, ...used.values()].map((node) => print(node)).join('\n\n');
};

module.exports.plugin = (_schema, documents) => {
  const { definitions } = concatAST(documents.map(({ document }) => document));
  const fragments = definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const brands = Object.values(KINDS).map(
    (kind) =>
      `type Generated${kind}<V, R> = string & { __generated${kind}Input: V; __generated${kind}Output: R };`,
  );
  const constants = operations.map((operation) => {
    const name = operation.name.value;
    const kind = KINDS[operation.operation];
    const types = `Generated${kind}<${name}${kind}Variables, ${name}${kind}>`;
    const text = withFragments(operation, fragments).replaceAll('`', '\\`');
    return `export const ${name} = /* GraphQL */ \`\n${text}\n\` as ${types};`;
  });
  return [...brands, ...constants].join('\n\n');
};
