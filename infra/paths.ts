import { fileURLToPath } from 'node:url';

const inRoot = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What the template is made from. The code itself is never imported here. */
export const PATHS = {
  schema: inRoot('schema.graphql'),
  /** AppSync's own scalars and directives, which it knows by itself. */
  prelude: inRoot('appsync.graphql'),
  resolvers: inRoot('resolvers'),
  handlerEntry: inRoot('resolvers/task_handler/lambda.ts'),
  reconcilerEntry: inRoot('ledger/reconciler/lambda.ts'),
  deadLettersEntry: inRoot('ledger/dead-letters/lambda.ts'),
  scalerEntry: inRoot('worker/fleet/scaler/lambda.ts'),
  workerEntry: inRoot('worker/main.ts'),
} as const;
