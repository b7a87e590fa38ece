import { createRemoteControl } from '../client-suite/control.ts';
import { SCENARIOS, type ScenarioName } from '../client-suite/scenarios.ts';

/* The client's scenarios in a page, which calls the other end through the browser's driver. */

declare global {
  interface Window {
    callControl: (name: string, args: readonly unknown[]) => Promise<unknown>;
    runScenario: (name: ScenarioName) => Promise<void>;
  }
}

const query = new URLSearchParams(location.search);

window.runScenario = (name) =>
  SCENARIOS[name]({
    endpoint: query.get('endpoint') ?? '',
    apiKey: query.get('key') ?? '',
    control: createRemoteControl((called, args) => window.callControl(called, args)),
  });
