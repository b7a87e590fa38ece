import { App } from 'aws-cdk-lib';
import flags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toConfig, type ConfigOverrides } from './config.ts';
import { SdAsyncStack } from './stack.ts';

export const STACK_NAME = 'SdAsync';

export interface SynthOptions {
  readonly config?: ConfigOverrides;
  /** Changes the stack before it is synthesized. */
  readonly configure?: (stack: SdAsyncStack) => void;
  /** Folder for the cloud assembly; a temporary one unless told. */
  readonly outdir?: string;
  /** Has CDK check the template against its resource specifications, and fail. Costs some seconds. */
  readonly validate?: boolean;
}

export interface Assembly {
  readonly stackName: string;
  /** The CloudFormation template. */
  readonly template: Readonly<Record<string, unknown>>;
  /** Absolute path of each asset, by its hash. */
  readonly assets: Readonly<Record<string, string>>;
}

export const createApp = ({ config, configure, outdir, validate = false }: SynthOptions = {}): App => {
  const app = new App({
    ...(outdir !== undefined && { outdir }),
    analyticsReporting: false,
    postCliContext: { ...flags, '@aws-cdk/core:validateAgainstDefaultRules': validate },
  });
  const stack = new SdAsyncStack(app, STACK_NAME, { config: toConfig(config) });
  configure?.(stack);
  return app;
};

/** Synthesizes in this process: no account, no network, no Docker, no AWS CLI. */
export const synthesize = (options: SynthOptions = {}): Assembly => {
  const { directory } = createApp(options).synth();
  return readAssembly(directory);
};

interface AssetManifest {
  readonly files: Readonly<Record<string, { readonly source: { readonly path: string } }>>;
}

export const readAssembly = (directory: string): Assembly => {
  const readJson = (file: string): unknown => JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const { files } = readJson(`${STACK_NAME}.assets.json`) as AssetManifest;
  return {
    stackName: STACK_NAME,
    template: readJson(`${STACK_NAME}.template.json`) as Assembly['template'],
    assets: Object.fromEntries(
      Object.entries(files).map(([hash, { source }]) => [hash, join(directory, source.path)]),
    ),
  };
};
