import { describe, it } from 'vitest';
import { controlOf } from './client-suite/control.ts';
import { SCENARIOS, type ScenarioName } from './client-suite/scenarios.ts';
import { useStack } from './helpers/stack.ts';

/*
 * The client while things go wrong: here. In Node.js 20: client-suite-other-node.test.ts. In a browser:
 * browser/client-suite.test.ts.
 */

const stackOf = useStack({
  webui: { arguments: ['--profile', 'demo'] },
  config: { api: { maxActiveTasksPerOwner: 500 } },
});

const NAMES = Object.keys(SCENARIOS) as ScenarioName[];

describe('in this Node.js', () => {
  it.each(NAMES)('%s', { timeout: 60_000 }, async (name) => {
    const { urls, apiKey = '' } = stackOf();
    await SCENARIOS[name]({ endpoint: urls.graphql, apiKey, control: controlOf(stackOf()) });
  });
});
