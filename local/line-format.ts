import { prettyFactory } from 'pino-pretty';

/**
 * Formats a line of one of the stack's processes for people: JSON log lines as text, anything else as it is. Nothing is left
 * of a line of metrics, which only CloudWatch reads with pleasure.
 */
export const createLineFormat = (): ((source: string, line: string) => string) => {
  const pretty = prettyFactory({
    colorize: process.stdout.isTTY,
    singleLine: true,
    ignore: 'workerId,pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return (source, line) => {
    if (line.includes('"_aws":{')) return '';
    return `${source}  ${line.startsWith('{') ? pretty(line).trimEnd() : line}\n`;
  };
};
