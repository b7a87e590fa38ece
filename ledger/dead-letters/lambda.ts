import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { createBury, type Bury, type DeadLetter } from '../dead-letters.ts';
import { createLogger } from '../logger.ts';
import type { Env } from '../parse-env.ts';
import { createLedger } from '../update-task.ts';
import { loadConfig } from './config.ts';

/* The entry: a batch of the dead-letter queue in, the messages that must come again out (`ReportBatchItemFailures`). */

const createHandler = (env: Env): Bury => {
  const config = loadConfig(env);
  return createBury({
    ledger: createLedger({ ...config, credentials: defaultProvider() }),
    logger: createLogger((line) => console.log(line)),
  });
};

let bury: Bury | undefined;

export const handler = async (event: {
  readonly Records: readonly DeadLetter[];
}): Promise<{ readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] }> => {
  bury ??= createHandler(process.env);
  const again = await bury(event.Records);
  return { batchItemFailures: again.map((itemIdentifier) => ({ itemIdentifier })) };
};
