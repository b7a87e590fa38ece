import type { ConfigOverrides } from './config.ts';
import { createApp } from './synth.ts';

/*
 * What `cdk` runs. A deployment's choices come as context: `cdk deploy -c config='{"workers": {"maxCapacity": 8}}'`, or
 * under "context" in cdk.json.
 */

const readOverrides = (): ConfigOverrides => {
  const { config = {} } = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}') as {
    config?: ConfigOverrides | string;
  };
  return typeof config === 'string' ? (JSON.parse(config) as ConfigOverrides) : config;
};

createApp({
  config: readOverrides(),
  validate: true,
  ...(process.env.CDK_OUTDIR !== undefined && { outdir: process.env.CDK_OUTDIR }),
}).synth();
