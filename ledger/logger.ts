export type Fields = Readonly<Record<string, unknown>>;

/** Constant sentences with fields: never a prompt, a signed URL or a credential. */
export interface Logger {
  readonly info: (message: string, fields?: Fields) => void;
  readonly warn: (message: string, fields?: Fields) => void;
  readonly error: (message: string, fields?: Fields) => void;
}

/** One JSON object a line, which is what CloudWatch Logs can search. */
export const createLogger = (write: (line: string) => void): Logger => {
  const at =
    (level: string) =>
    (message: string, fields: Fields = {}): void =>
      write(JSON.stringify({ level, message, ...fields }));
  return { info: at('info'), warn: at('warn'), error: at('error') };
};
