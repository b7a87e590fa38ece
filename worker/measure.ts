import type { MetricName } from '../contract/metrics.ts';
import type { TaskEvent } from '../contract/transitions.ts';
import type { Metrics } from '../ledger/metrics.ts';
import type { WorkerNews } from './observe.ts';

const ENDS: { readonly [Event in TaskEvent]?: MetricName } = {
  succeed: 'TaskSucceeded',
  fail: 'TaskFailed',
  canceled: 'TaskCanceled',
  retry: 'AttemptRetried',
  release: 'AttemptReleased',
};

const seconds = (ms: number): number => ms / 1000;

/** What is worth a metric. */
export const measure = ({ record }: Metrics, news: WorkerNews): void => {
  switch (news.kind) {
    case 'webui:restarted':
      return record({ WebuiRestarts: 1 });
    case 'job:started':
      return record({ ...(news.gapMs !== undefined && { GapSeconds: seconds(news.gapMs) }) });
    case 'attempt:lost':
      return record({ AttemptLost: 1 }, { taskId: news.taskId });
    case 'attempt:ended': {
      const { event, taskId, code, queuedMs, inferenceMs, storeMs } = news;
      const end = ENDS[event];
      return record(
        {
          ...(end && { [end]: 1 }),
          ...(queuedMs !== undefined && { QueueSeconds: seconds(queuedMs) }),
          ...(inferenceMs !== undefined && { InferenceSeconds: seconds(inferenceMs) }),
          ...(storeMs !== undefined && { StoreSeconds: seconds(storeMs) }),
        },
        { taskId, ...(code !== undefined && { code }) },
      );
    }
    default:
      return;
  }
};
