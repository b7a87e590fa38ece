/** Stable Diffusion's generation parameters text, taken apart. */
export interface Infotext {
  readonly prompt: string;
  readonly negativePrompt: string;
  /** The pairs of the last line, all strings, in their order. */
  readonly pairs: Readonly<Record<string, string>>;
}

const PAIR = /\s*([\w ()/-]+):\s*("(?:\\.|[^"])*"|[^,]*)(?:,|$)/g;
/** A last line with fewer is a prompt's. */
const FEWEST_PAIRS = 3;
const NEGATIVE = 'Negative prompt: ';

/** Prompt, perhaps a negative prompt, and one last line of `key: value` pairs. */
export const parseInfotext = (text: string): Infotext => {
  const lines = text.trim().split('\n');
  const found = [...(lines.at(-1) ?? '').matchAll(PAIR)].map(([, key = '', value = '']): [string, string] => [
    key.trim(),
    unquote(value.trim()),
  ]);
  const isLastLine = found.length >= FEWEST_PAIRS;
  const prompts = isLastLine ? lines.slice(0, -1) : lines;
  const negativeAt = prompts.findIndex((line) => line.startsWith(NEGATIVE));
  const [positive, negative] =
    negativeAt < 0 ? [prompts, []] : [prompts.slice(0, negativeAt), prompts.slice(negativeAt)];
  return {
    prompt: positive.join('\n'),
    negativePrompt: negative.join('\n').slice(NEGATIVE.length),
    pairs: isLastLine ? Object.fromEntries(found) : {},
  };
};

/** Values that hold a comma, a colon or a new line are written as JSON. */
const unquote = (value: string): string => {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
};

/** What `/sdapi/v1/png-info` answers under `parameters`: all strings, the size in two. */
export const toPngInfoParameters = (text: string): Record<string, string> => {
  const { prompt, negativePrompt, pairs } = parseInfotext(text);
  if (Object.keys(pairs).length === 0) return {};
  const { Size: size = '', ...others } = pairs;
  const [, width, height] = /^(\d+)x(\d+)$/.exec(size) ?? [];
  return {
    Prompt: prompt,
    'Negative prompt': negativePrompt,
    ...others,
    ...(width !== undefined && height !== undefined && { 'Size-1': width, 'Size-2': height }),
  };
};
