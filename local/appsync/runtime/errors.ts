/** What a resolver raised with `util.error` or `util.unauthorized`, as it will stand in `errors`. */
export class ResolverError extends Error {
  readonly errorType: string | null;
  readonly data: unknown;
  readonly errorInfo: unknown;

  constructor(
    message: string,
    errorType: string | null = null,
    data: unknown = null,
    errorInfo: unknown = null,
  ) {
    super(message);
    this.name = 'ResolverError';
    this.errorType = errorType;
    this.data = data;
    this.errorInfo = errorInfo;
  }
}

/** `util.unauthorized()`: the engine knows which field it was. */
export class UnauthorizedError extends Error {
  override readonly name = 'UnauthorizedError';
}

/** `runtime.earlyReturn`: leaves the handler with a value; no failure. */
export class EarlyReturn extends Error {
  readonly value: unknown;
  readonly skipTo: 'NEXT' | 'END';

  constructor(value: unknown, skipTo: 'NEXT' | 'END') {
    super('earlyReturn');
    this.name = 'EarlyReturn';
    this.value = value;
    this.skipTo = skipTo;
  }
}

/** What a data source failed with. It does not end the resolver: the response handler sees it as `ctx.error`. */
export class DataSourceError extends Error {
  /** E.g. `DynamoDB:ConditionalCheckFailedException`. */
  readonly type: string;
  /** What came back all the same: after a failed condition, the item as it is. */
  readonly result: unknown;

  constructor(type: string, message: string, result: unknown = null) {
    super(message);
    this.name = 'DataSourceError';
    this.type = type;
    this.result = result;
  }
}
