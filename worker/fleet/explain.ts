import type { FleetCause, FleetNumbers } from '../../contract/fleet.ts';

const seconds = (value: number): string => (Number.isFinite(value) ? `${Math.round(value)} s` : 'for ever');
const instances = (count: number): string => `${count} instance${count === 1 ? '' : 's'}`;

/** The decision as a sentence that an operator can check with pencil and paper. */
export const explain = (desired: number, cause: FleetCause, numbers: FleetNumbers): string => {
  const { running, booting, targetSeconds, goalSeconds, most } = numbers;
  const { waitSeconds = Infinity, waitSecondsThen = Infinity } = numbers;
  const work = describeWork(numbers);
  const present = booting > 0 ? `${instances(running)} (${booting} booting)` : instances(running);
  switch (cause) {
    case 'enough':
      return numbers.queued === 0
        ? `${desired} stay: ${work}.`
        : `${desired} stay: ${work}; with ${present} the last starts in ${seconds(waitSeconds)}, within ${seconds(waitSeconds > targetSeconds ? goalSeconds : targetSeconds)}.`;
    case 'wake':
      return `0 → ${desired}: ${work} and nobody is there; with ${instances(desired)} the last starts in ${seconds(waitSecondsThen)}, ${describeBoot(numbers)} included.`;
    case 'wait':
      return `${running} → ${desired}: ${work}; with ${present} the last would start in ${seconds(waitSeconds)}, more than ${seconds(targetSeconds)}; with ${desired} it starts in ${seconds(waitSecondsThen)}, ${describeBoot(numbers)} included.`;
    case 'min':
      return `${running} → ${desired}: never fewer than ${desired}; ${work}.`;
    case 'atMax':
    case 'atBudget': {
      const limit = cause === 'atMax' ? `max allows ${most}` : `the budget pays for ${most}`;
      const step = desired > running ? `${running} → ${desired}` : `${desired} stay`;
      return `${step}: ${work}; the last starts in ${seconds(waitSecondsThen)}, more than ${seconds(targetSeconds)}, but ${limit}.`;
    }
    case 'unknown':
      return `${desired} stay.`;
  }
};

const describeWork = (numbers: FleetNumbers): string => {
  const { queued, inFlight, returning, queuedSeconds, inFlightSeconds, megapixelStepsPerSecond, assumed } =
    numbers;
  if (queued + inFlight === 0) return 'nothing to do';
  const rate = `${megapixelStepsPerSecond.toFixed(2)} megapixel-steps/s${assumed.includes('rate') ? ' (assumed)' : ''}`;
  return `${queued} queued of ${seconds(queuedSeconds)} and ${inFlight} in flight${returning > 0 ? ` (${returning} on nobody's GPU)` : ''} with ${seconds(inFlightSeconds)} left at ${rate}`;
};

const describeBoot = ({ bootSeconds, assumed }: FleetNumbers): string =>
  `a boot of ${seconds(bootSeconds)}${assumed.includes('boot') ? ' (assumed)' : ''}`;
