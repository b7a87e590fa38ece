import { util, type Context } from '@aws-appsync/utils';
import type { HandlerAnswer } from '../../contract/handler.ts';
import { toTask } from './to-task.ts';

/**
 * What task_handler returned, as the API answers it: it returns what the client may know as `error`, and throws for
 * bugs alone, whose message is nobody's business.
 */
export const toAnswer = (ctx: Context): unknown => {
  if (ctx.error)
    util.error('Something went wrong here. Repeating the call with the same id is safe.', 'INTERNAL');
  const answer = ctx.result as HandlerAnswer;
  if (answer.error) {
    util.error(answer.error.message, answer.error.code, null, { field: answer.error.field ?? null });
  }
  if (answer.upload) return answer.upload;
  return answer.task ? toTask(answer.task) : null;
};
