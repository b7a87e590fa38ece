import { ENDPOINT_HELP } from '../endpoint.ts';
import { EXIT_HELP } from './exit-codes.ts';
import { TASK_FIELDS, type Field } from './fields.ts';

export const toOptionLines = (fields: readonly Field[]): string =>
  fields
    .map(({ option, type, hint }) => {
      const value = { number: ' N', text: ' TEXT', flag: '' }[type];
      return `  ${`--${option}${value}`.padEnd(31)}${hint}`.trimEnd();
    })
    .join('\n');

export const TASK_HELP = `${toOptionLines(TASK_FIELDS)}`;

export const FOLLOW_HELP = `\
  --out DIR                  where images are saved; here unless told
  --detach                   print the task's id and leave; sd-async watch ID goes on
`;

export const JSON_HELP = `\
  --json                     one JSON line for each result on standard output, everything else on standard error
`;

/** Where the API is. */
export const CONNECT_HELP = `\
  --profile NAME             an endpoint that sd-async config keeps; "local" is the local stack
${ENDPOINT_HELP}`;

const COMMON_HELP = `${JSON_HELP}${CONNECT_HELP}  --help\n`;

export interface Topic {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** Lines of options, and what else there is to say. */
  readonly details: string;
  /** Lines of the options that it shares with others; those of the overview unless told. */
  readonly common?: string;
  readonly examples: readonly string[];
}

const toExamples = (examples: readonly string[]): string => examples.map((line) => `  ${line}`).join('\n');

export const toTopicHelp = ({ usage, summary, details, examples, common = COMMON_HELP }: Topic): string =>
  [
    `${summary}\n\n  sd-async ${usage}`,
    ...(details === '' ? [] : [details.trimEnd()]),
    common.trimEnd(),
    `Examples:\n${toExamples(examples)}`,
    EXIT_HELP,
  ].join('\n\n');

export const toOverview = (topics: readonly Topic[]): string => `Stable Diffusion as a queue.

  sd-async COMMAND [options]

${topics.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`).join('\n')}

sd-async COMMAND --help tells the rest. What they have in common; but serve has no --json, and config keeps endpoints and asks none:

${COMMON_HELP}
Without a profile, an endpoint or a variable it is the local stack: start that with npm start.

Examples:
  sd-async txt2img "a lighthouse at dusk, oil painting" --steps 30 --seed 7 --out pictures
  sd-async img2img pictures/seed-7.png "the same, in winter" --denoising-strength 0.5
  id=$(sd-async txt2img "a harbour" --detach) && sd-async watch "$id"
  sd-async txt2img "a harbour" --json | jq -r '.images[].file'

Ctrl-C cancels the task on the server; a second one leaves at once.

${EXIT_HELP}`;
