import { prettyFactory } from 'pino-pretty';

/** Formats a line of one of the stack's processes for people: JSON log lines as text, anything else as it is. */
export const createLineFormat = (): ((source: string, line: string) => string) => {
  const pretty = prettyFactory({
    colorize: process.stdout.isTTY,
    singleLine: true,
    ignore: 'workerId,pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return (source, line) => `${source}  ${line.startsWith('{') ? pretty(line).trimEnd() : line}\n`;
};
