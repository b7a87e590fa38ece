import { util, type Context, type DynamoDBScanRequest } from '@aws-appsync/utils';
import type { Model } from '../contract/schema.generated.ts';
import { CATALOGUE_KINDS, WORKER_STALE_SECONDS, type Catalogue, type WorkerRow } from '../contract/worker.ts';

type Ctx = Context<object, object, object, object, { readonly items: WorkerRow[] }>;

/** One page, which holds a megabyte: a hundred workers with some ten kilobytes of names each. */
export function request(): DynamoDBScanRequest {
  const since = util.time.nowEpochMilliSeconds() - WORKER_STALE_SECONDS * 1000;
  return {
    operation: 'Scan',
    filter: {
      expression: '#updatedAt >= :since',
      expressionNames: { '#updatedAt': 'updatedAt' },
      expressionValues: util.dynamodb.toMapValues({ ':since': since }),
    },
  };
}

export function response(ctx: Ctx): Model[] {
  if (ctx.error) util.error('The models could not be read. Try again.', 'INTERNAL');
  const models: Model[] = [];
  for (const [list, kind] of Object.entries(CATALOGUE_KINDS)) {
    const workers = countWorkers(ctx.result.items, list as keyof Catalogue);
    for (const key of Object.keys(workers).sort()) {
      models.push({ kind, name: key.slice(1), workers: workers[key] as number });
    }
  }
  return models;
}

/** By name, behind a sign that keeps a name from meaning something to the object: think of `constructor`. */
const countWorkers = (rows: WorkerRow[], list: keyof Catalogue): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const row of rows) {
    const names = (row.catalogue ? row.catalogue[list] : []) as string[];
    for (const name of names.filter((one, index) => names.indexOf(one) === index)) {
      counts[`=${name}`] = (counts[`=${name}`] ?? 0) + 1;
    }
  }
  return counts;
};
