import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

interface Weight {
  readonly name: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly leftOut: readonly string[];
}

it('the client adds little to what Amplify weighs in a page, and all candidates are whole', () => {
  const printed = execFileSync(process.execPath, [join(import.meta.dirname, 'bundle.ts'), '--json']);
  const weights = JSON.parse(String(printed)) as Weight[];
  expect(weights.map(({ name }) => name)).toEqual([
    '@sd-async/client',
    'aws-amplify',
    '@fal-ai/client',
    'replicate',
  ]);
  for (const { bytes, gzipBytes, leftOut } of weights) {
    expect(leftOut).toEqual([]);
    expect(gzipBytes).toBeGreaterThan(1000);
    expect(gzipBytes).toBeLessThan(bytes);
  }
  const [client, amplify] = weights;
  expect((client?.gzipBytes ?? 0) - (amplify?.gzipBytes ?? 0)).toBeLessThan(12_000);
});
