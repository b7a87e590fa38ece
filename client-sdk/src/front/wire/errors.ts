/** An answer that is no result: its status and body, as WebUI v1.10.1 sends them. */
export class HttpError extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(JSON.stringify(body));
    this.name = 'HttpError';
    this.status = status;
    this.body = body;
  }
}

/** The envelope of FastAPI's `HTTPException` in the WebUI's own error handler. */
export const httpException = (status: number, detail: string): HttpError =>
  new HttpError(status, { error: 'HTTPException', detail, body: '', errors: '' });

/** An exception of Python that nobody caught: always a 500. */
export const unhandled = (className: string, message: string): HttpError =>
  new HttpError(500, { error: className, detail: '', body: '', errors: message });

/** What FastAPI itself answers where no route matches. */
export const plainDetail = (status: number, detail: string): HttpError => new HttpError(status, { detail });

export interface FieldError {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
  readonly ctx?: object;
}

export const unprocessable = (detail: readonly FieldError[]): HttpError => new HttpError(422, { detail });
