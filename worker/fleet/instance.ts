import {
  CompleteLifecycleActionCommand,
  SetInstanceHealthCommand,
  type AutoScalingClient,
} from '@aws-sdk/client-auto-scaling';
import { DRAIN_HOOK } from '../../contract/fleet.ts';
import type { Logger } from '../logger.ts';

/** This instance, as a member of its Auto Scaling group. Without a group nothing happens; no failure is thrown. */
export interface FleetInstance {
  /** Has the group replace the instance. It is told to go like any other: by its lifecycle state. */
  readonly reportUnhealthy: () => Promise<void>;
  /** Everything is handed back: the group need not wait for the instance any longer. */
  readonly completeDrain: () => Promise<void>;
}

export interface FleetInstanceOptions {
  readonly autoScaling: AutoScalingClient;
  readonly group?: string;
  /** On EC2 the worker's id. */
  readonly instanceId: string;
  readonly logger: Logger;
}

const CALL_TIMEOUT_MS = 20_000;

export const createFleetInstance = (options: FleetInstanceOptions): FleetInstance => {
  const { autoScaling, group, instanceId, logger } = options;
  const limited = (): { abortSignal: AbortSignal } => ({ abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) });

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

    completeDrain: async () => {
      if (group === undefined) return;
      try {
        await autoScaling.send(
          new CompleteLifecycleActionCommand({
            AutoScalingGroupName: group,
            LifecycleHookName: DRAIN_HOOK.name,
            InstanceId: instanceId,
            LifecycleActionResult: 'CONTINUE',
          }),
          limited(),
        );
        logger.info('drain completed', { group });
      } catch (error) {
        // The hook's time limit does the same, later.
        logger.warn('drain not completed', { group, reason: String(error) });
      }
    },
  };
};
