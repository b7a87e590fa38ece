import { ENV } from '../../contract/env.ts';
import { parseEnv, text, url, type Env } from '../parse-env.ts';

export interface DeadLettersConfig {
  readonly region: string;
  readonly graphqlUrl: string;
}

export const loadConfig = (env: Env): DeadLettersConfig => {
  const output = parseEnv('The dead-letter consumer', { AWS_REGION: text, [ENV.graphqlUrl]: url }, env);
  return { region: output.AWS_REGION, graphqlUrl: output[ENV.graphqlUrl] };
};
