import { unhandled, HttpError } from '../../client-sdk/src/front/wire/errors.ts';

/*
 * What goes wrong with real WebUIs, on demand: a prompt that contains `[[fault:oom]]` meets that fault, if the stand-in was
 * started with `--allow-fault-markers`.
 */

export const FAULTS = [
  /** 500 OutOfMemoryError; memory's `events.oom` grows. */
  'oom',
  /** The same, but once for each prompt: a second try succeeds. */
  'oom-once',
  'nan',
  /** This job and every later one fails until the process is restarted. */
  'cuda-dead',
  'http-500',
  /** What an image built with anyio 4 makes of any error. */
  'exceptiongroup',
  '422',
  /** Halts in the first step, deaf to interrupts. */
  'hang',
  /** The process ends in the first step. */
  'crash',
  /** Half of the announced body. */
  'truncate',
  'bad-json',
  'html-502',
  'bad-b64',
  'corrupt-png',
  'black',
  'wrong-size',
  'fewer-images',
  'empty-images',
  /** The answer names another checkpoint. */
  'wrong-model',
  'wrong-sampler',
  /** The picture is made without the LoRA that the prompt calls for. */
  'lora-ignored',
] as const;

export type Fault = (typeof FAULTS)[number];

export const faultOf = (prompt: string): Fault | undefined => {
  const name = /\[\[fault:([a-z0-9-]+)\]\]/.exec(prompt)?.[1];
  return FAULTS.find((fault) => fault === name);
};

const CUDA_DEAD = 'CUDA error: an illegal memory access was encountered';

/** The faults that end a job with an answer of their own. */
export const failureOf = (fault: Fault): HttpError | undefined => {
  switch (fault) {
    case 'oom':
    case 'oom-once':
      return unhandled('OutOfMemoryError', 'CUDA out of memory. Tried to allocate 4.50 GiB');
    case 'nan':
      return unhandled('NansException', 'A tensor with NaNs was produced in Unet.');
    case 'cuda-dead':
      return unhandled('RuntimeError', CUDA_DEAD);
    case 'http-500':
      return unhandled('RuntimeError', 'something went wrong');
    case 'exceptiongroup':
      return unhandled('ExceptionGroup', 'unhandled errors in a TaskGroup (1 sub-exception)');
    case '422':
      return new HttpError(422, {
        detail: [{ loc: ['body', 'steps'], msg: 'value is not a valid integer', type: 'type_error.integer' }],
      });
    default:
      return undefined;
  }
};
