import pino from 'pino';

/** `logger.info('constant sentence', {fields})`. Never prompts, URLs or credentials among the fields. */
export interface Logger {
  readonly debug: (message: string, fields?: object) => void;
  readonly info: (message: string, fields?: object) => void;
  readonly warn: (message: string, fields?: object) => void;
  readonly error: (message: string, fields?: object) => void;
  readonly child: (fields: object) => Logger;
}

export const createLogger = (level: string, fields: Readonly<Record<string, unknown>>): Logger =>
  wrap(pino({ level, base: fields, timestamp: pino.stdTimeFunctions.isoTime }));

const wrap = (logger: pino.Logger): Logger => ({
  debug: (message, fields = {}) => logger.debug(fields, message),
  info: (message, fields = {}) => logger.info(fields, message),
  warn: (message, fields = {}) => logger.warn(fields, message),
  error: (message, fields = {}) => logger.error(fields, message),
  child: (fields) => wrap(logger.child(fields)),
});
