import { afterAll, beforeAll, describe, it } from 'vitest';
import { answerControl, controlOf } from '../client-suite/control.ts';
import { SCENARIOS, type ScenarioName } from '../client-suite/scenarios.ts';
import { useStack } from '../helpers/stack.ts';
import { startAppServer, type AppServer } from './app-server.ts';
import { openPage, useBrowser } from './browser.ts';

/* The client while things go wrong, in a browser. In Node.js: test/client-suite.test.ts. */

const stackOf = useStack({
  webui: { arguments: ['--profile', 'demo'] },
  config: { api: { maxActiveTasksPerOwner: 500 } },
});
const browserOf = useBrowser();
let server: AppServer | undefined;
beforeAll(async () => {
  server = await startAppServer('suite-app.ts');
});
afterAll(async () => {
  await server?.stop();
});

describe('in Chromium', () => {
  it.each(Object.keys(SCENARIOS) as ScenarioName[])('%s', { timeout: 90_000 }, async (name) => {
    const { page } = await openPage(browserOf());
    const control = controlOf(stackOf());
    await page.exposeFunction('callControl', (called: string, args: readonly unknown[]) =>
      answerControl(control, called, args),
    );
    const { urls, apiKey = '' } = stackOf();
    await page.goto(server?.pageFor(urls.graphql, apiKey) ?? '');
    await page.evaluate((scenario) => window.runScenario(scenario), name);
    await page.close();
  });
});
