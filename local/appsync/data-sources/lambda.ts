import type { LambdaFunction } from '../../lambda/function.ts';
import { DataSourceError } from '../runtime/errors.ts';
import type { DataSource } from '../types.ts';

/** The function's event is the payload alone, whatever the reference page says (AppSync developer guide, Lambda tutorial). */
export const createLambdaDataSource = (name: string, fn: LambdaFunction): DataSource => ({
  name,
  type: 'AWS_LAMBDA',
  invoke: async (request) => {
    const { operation, payload } = request as { operation?: string; payload?: unknown };
    if (operation !== 'Invoke') {
      throw new DataSourceError(
        'MappingTemplate',
        `Lambda operation ${String(operation)} is not supported here`,
      );
    }
    const reply = await fn.invoke(payload ?? null);
    if ('payload' in reply) return reply.payload;
    const { errorType, errorMessage } = reply.error;
    throw new DataSourceError(
      errorType === 'Sandbox.Timedout' ? 'Lambda:ExecutionTimeoutException' : 'Lambda:Unhandled',
      errorMessage,
    );
  },
});
