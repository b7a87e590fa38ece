import { util, type Context, type DynamoDBUpdateItemRequest } from '@aws-appsync/utils';
import type {
  CatalogueInput,
  MutationReportWorkerArgs,
  ReportWorkerInput,
} from '../contract/schema.generated.ts';
import { CATALOGUE_LIMITS as LIMITS, WORKER_RETENTION_SECONDS, type WorkerRow } from '../contract/worker.ts';
import { noClauses, remove, set, toUpdateItem } from './lib/update-expression.ts';

type Ctx = Context<MutationReportWorkerArgs, object, object, object, WorkerRow | null>;

/** A report says what is, so it replaces the last one; what a worker has is kept while it does not say. */
export function request(ctx: Ctx): DynamoDBUpdateItemRequest {
  const { input } = ctx.args;
  validate(input);
  const now = util.time.nowEpochMilliSeconds();
  const clauses = noClauses();
  set(clauses, 'state', input.state);
  if (input.pool) set(clauses, 'pool', input.pool);
  if (input.instanceType) set(clauses, 'instanceType', input.instanceType);
  if (input.bootSeconds) set(clauses, 'bootSeconds', input.bootSeconds);
  set(clauses, 'updatedAt', now);
  set(clauses, 'expiresAt', util.time.epochMilliSecondsToSeconds(now) + WORKER_RETENTION_SECONDS);
  if (input.reason) set(clauses, 'reason', input.reason.slice(0, REASON_CHARACTERS));
  else remove(clauses, 'reason');
  if (input.megapixelStepsPerSecond) {
    set(clauses, 'megapixelStepsPerSecond', input.megapixelStepsPerSecond);
  }
  if (input.catalogue) set(clauses, 'catalogue', input.catalogue);
  return toUpdateItem(input.id, clauses);
}

export function response(ctx: Ctx): unknown {
  if (ctx.error) util.error('The workers table did not take the report.', 'INTERNAL');
  const { id, state } = ctx.args.input;
  return { id, state };
}

const REASON_CHARACTERS = 1000;

const refuse = (field: string, message: string): void => {
  util.error(`${field}: ${message}`, 'VALIDATION', null, { field });
};

const validate = ({ id, pool, instanceType, catalogue }: ReportWorkerInput): void => {
  if (pool && !isName(pool)) refuse('pool', `must have 1 to ${LIMITS.nameCharacters} characters`);
  if (instanceType && !isName(instanceType)) {
    refuse('instanceType', `must have 1 to ${LIMITS.nameCharacters} characters`);
  }
  if (!isName(id)) refuse('id', `must have 1 to ${LIMITS.nameCharacters} characters`);
  if (catalogue) validateCatalogue(catalogue);
};

const validateCatalogue = (catalogue: CatalogueInput): void => {
  let characters = 0;
  for (const [list, names] of Object.entries(catalogue)) {
    const field = `catalogue.${list}`;
    if (names.length > LIMITS.namesPerList) refuse(field, `must have at most ${LIMITS.namesPerList} names`);
    for (const name of names) {
      if (!isName(name)) refuse(field, `names must have 1 to ${LIMITS.nameCharacters} characters`);
      characters += name.length;
    }
  }
  if (characters > LIMITS.characters) {
    refuse('catalogue', `all names together must have at most ${LIMITS.characters} characters`);
  }
};

const isName = (text: string): boolean => text.length > 0 && text.length <= LIMITS.nameCharacters;
