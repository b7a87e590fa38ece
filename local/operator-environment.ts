import { ENV } from '../contract/env.ts';
import type { LocalStack } from './stack.ts';

const NAMES = [ENV.tasksTable, ENV.pools, ENV.requestsBucket, ENV.graphqlUrl];

/** What an operator's tools want to find in their environment: the endpoint, a key that may do everything, and the names. */
export const operatorEnvironment = ({ client, region, inspect }: LocalStack): Record<string, string> => {
  // As the template sets them for its own functions: no name is written a second time.
  const variables = Object.assign({}, ...Object.values(inspect.environments())) as Record<string, string>;
  return {
    AWS_ENDPOINT_URL: client.endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: client.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: client.credentials.secretAccessKey,
    ...Object.fromEntries(NAMES.map((name) => [name, variables[name] ?? ''])),
  };
};
