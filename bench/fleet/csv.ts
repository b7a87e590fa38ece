import { ASSUMED_RATES } from '../../contract/fleet.ts';
import type { Arrival } from './trace.ts';

/** Arrivals as one's own logs have them. Throws, naming the line, for what can't be read. */
export const parseArrivals = (text: string): readonly Arrival[] => {
  const [header = '', ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const columns = header.split(',').map((name) => name.trim());
  const [atColumn, workColumn, secondsColumn] = ['at', 'megapixelSteps', 'gpuSeconds'].map((name) =>
    columns.indexOf(name),
  );
  if (atColumn === -1 || workColumn === -1)
    throw new Error(`The first line must name the columns at and megapixelSteps, not "${header}"`);
  const read = lines.map((line, index): Arrival => {
    const cells = line.split(',').map((cell) => cell.trim());
    const cell = (column = -1): string => cells[column] ?? '';
    const where = `Line ${index + 2}`;
    const megapixelSteps = toPositive(cell(workColumn), `${where}: megapixelSteps`);
    const seconds = cell(secondsColumn);
    const gpuSeconds =
      seconds === '' ? megapixelSteps / G5_RATE : toPositive(seconds, `${where}: gpuSeconds`);
    return { at: toSeconds(cell(atColumn), where), megapixelSteps, gpuSeconds };
  });
  if (read.length === 0) throw new Error('There are no arrivals');
  const from = read.reduce((least, { at }) => Math.min(least, at), Infinity);
  return read
    .map((arrival) => ({ ...arrival, at: arrival.at - from }))
    .sort((left, right) => left.at - right.at);
};

const G5_RATE = ASSUMED_RATES.g5 ?? 1;

const toPositive = (text: string, what: string): number => {
  const number = text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number) || number <= 0) throw new Error(`${what} is not a number above 0: "${text}"`);
  return number;
};

const toSeconds = (text: string, where: string): number => {
  const number = text === '' ? Number.NaN : Number(text);
  const seconds = Number.isNaN(number) ? Date.parse(text) / 1000 : number;
  if (!Number.isFinite(seconds)) throw new Error(`${where}: at is neither seconds nor an instant: "${text}"`);
  return seconds;
};
