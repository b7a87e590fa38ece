import {
  CompleteLifecycleActionCommand,
  SetInstanceHealthCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  type AutoScalingClient,
} from '@aws-sdk/client-auto-scaling';
import { DRAIN_HOOK, READY_HOOK } from '../../contract/fleet.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';

/** This instance, as a member of its Auto Scaling group. Without a group nothing happens; no failure is thrown. */
export interface FleetInstance {
  /** Has the group replace the instance. It is told to go like any other: by its lifecycle state. */
  readonly reportUnhealthy: () => Promise<void>;
  /**
   * The worker has proved itself: the group takes the instance into service, and need not replace it. False: nothing waited for
   * that, as after a restart of the worker.
   */
  readonly completeLaunch: () => Promise<boolean>;
  /**
   * Has the group end the instance: it is told to go like any other, by its lifecycle state. With `decrement` nobody takes its
   * place, which the group refuses when it is at its minimum; without, a successor is launched.
   */
  readonly terminate: (options: { readonly decrement: boolean }) => Promise<'going' | 'refused'>;
  /** Everything is handed back: the group need not wait for the instance any longer. */
  readonly completeDrain: () => Promise<void>;
}

export interface FleetInstanceOptions {
  readonly autoScaling: AutoScalingClient;
  readonly group?: string;
  /** On EC2 the worker's id. */
  readonly instanceId: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const CALL_TIMEOUT_MS = 20_000;
/**
 * An action can't be completed before the instance waits for it, which it does a moment after it was told; and a call that fails
 * for good would cost a GPU until the hook's time is over.
 */
const COMPLETE_TRIES = 20;
const COMPLETE_PAUSE_MS = 3000;

export const createFleetInstance = (options: FleetInstanceOptions): FleetInstance => {
  const { autoScaling, group, instanceId, clock, logger } = options;
  const limited = (): { abortSignal: AbortSignal } => ({ abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
  const complete = async (of: string, hook: string): Promise<void> => {
    const action = {
      AutoScalingGroupName: of,
      LifecycleHookName: hook,
      InstanceId: instanceId,
      LifecycleActionResult: 'CONTINUE',
    };
    for (let tries = 1; ; tries += 1) {
      try {
        await autoScaling.send(new CompleteLifecycleActionCommand(action), limited());
        return;
      } catch (error) {
        if (tries === COMPLETE_TRIES) throw error;
        await clock.delay(COMPLETE_PAUSE_MS);
      }
    }
  };

  return {
    reportUnhealthy: async () => {
      if (group === undefined) return;
      try {
        await autoScaling.send(
          new SetInstanceHealthCommand({
            InstanceId: instanceId,
            HealthStatus: 'Unhealthy',
            // The worker has tried everything: waiting for the end of a grace period helps nobody.
            ShouldRespectGracePeriod: false,
          }),
          limited(),
        );
        logger.warn('instance reported unhealthy', { group });
      } catch (error) {
        logger.error('instance not reported unhealthy', { group, reason: String(error) });
      }
    },

    completeLaunch: async () => {
      if (group === undefined) return false;
      try {
        await complete(group, READY_HOOK.name);
        logger.info('launch completed', { group });
        return true;
      } catch (error) {
        // A worker that was started again, or an instance of before the hook: nothing waits for it.
        if (isNothingActive(error))
          logger.info('launch was not waited for', { group, reason: String(error) });
        // At the end of the hook's time the instance is replaced; until then it works like any other.
        else logger.warn('launch not completed', { group, reason: String(error) });
        return false;
      }
    },

    terminate: async ({ decrement }) => {
      if (group === undefined) return 'refused';
      try {
        await autoScaling.send(
          new TerminateInstanceInAutoScalingGroupCommand({
            InstanceId: instanceId,
            ShouldDecrementDesiredCapacity: decrement,
          }),
          limited(),
        );
        logger.info('instance ends itself', { group, decrement });
        return 'going';
      } catch (error) {
        const fields = { group, decrement, reason: messageOf(error) };
        // The group is at its minimum, or the instance is going already.
        if (isValidationError(error)) logger.info('instance may not end itself', fields);
        else logger.warn('instance not ended', fields);
        return 'refused';
      }
    },

    completeDrain: async () => {
      if (group === undefined) return;
      try {
        await complete(group, DRAIN_HOOK.name);
        logger.info('drain completed', { group });
      } catch (error) {
        // The hook's time limit does the same, later.
        logger.warn('drain not completed', { group, reason: String(error) });
      }
    },
  };
};

/** What the service calls whatever it can't do; nothing but the words tells one from another. */
const isValidationError = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'ValidationError';

const isNothingActive = (error: unknown): boolean =>
  isValidationError(error) && error.message.includes('No active Lifecycle Action');

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
