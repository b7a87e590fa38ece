interface Field {
  readonly min: number;
  readonly max: number;
  /** What may stand instead of `min`, `min + 1`, … */
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const FIELDS: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 7, names: WEEKDAYS },
];

/**
 * Whether Auto Scaling would take the text for a recurrence: cron's five fields (minute, hour, day of month, month, day of
 * week), each a list of values, ranges or `*`, with or without a step. EventBridge's sixth, the year, is none of them.
 */
export const isCron = (text: string): boolean => {
  const fields = text.trim().split(/\s+/);
  return (
    fields.length === FIELDS.length &&
    FIELDS.every((field, index) => fields[index]?.split(',').every((item) => isItem(field, item)))
  );
};

const isItem = (field: Field, item: string): boolean => {
  const [range = '', step, ...rest] = item.split('/');
  if (rest.length > 0 || (step !== undefined && !/^[1-9]\d*$/.test(step))) return false;
  if (range === '*') return true;
  const [from, to = from, ...more] = range.split('-').map((value) => toNumber(field, value));
  return more.length === 0 && from !== undefined && to !== undefined && from <= to;
};

const toNumber = ({ min, max, names = [] }: Field, value: string): number | undefined => {
  const named = names.indexOf(value.toUpperCase());
  const number = named >= 0 ? min + named : /^\d+$/.test(value) ? Number(value) : undefined;
  return number !== undefined && number >= min && number <= max ? number : undefined;
};
