import type { CorsOf, CorsRule } from '../gateway/cors.ts';
import type { EnginesOptions } from './engines.ts';

/** What the template lets browsers do with each bucket. */
export const toCorsOf = ({ template, resolve, physical }: Omit<EnginesOptions, 'client'>): CorsOf => {
  const rules = new Map<string, readonly CorsRule[]>();
  for (const [logicalId, { Type, Properties = {} }] of Object.entries(template.Resources)) {
    if (Type !== 'AWS::S3::Bucket') continue;
    const { CorsConfiguration } = resolve(Properties) as {
      CorsConfiguration?: { readonly CorsRules: readonly CorsRule[] };
    };
    rules.set(physical(logicalId).ref, CorsConfiguration?.CorsRules ?? []);
  }
  return (bucket) => rules.get(bucket) ?? [];
};
