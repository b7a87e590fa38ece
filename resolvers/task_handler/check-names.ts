import { lorasIn, type InvalidRequest, type StoredRequest } from '../../contract/request.ts';
import type { Catalogue } from '../../contract/worker.ts';
import type { Names } from './catalogue.ts';

/** What of a request names something that a worker must have: its field, the name, and where it should be found. */
type Mention = readonly [field: string, name: string | undefined, list: keyof Catalogue];

/** A message lists as many known names as this. */
const SHOWN = 20;

/** The first name in a request that no worker has, with those that there are. */
export const checkNames = (request: StoredRequest, names: Names): InvalidRequest | undefined => {
  for (const [field, name, list] of mentionsIn(request)) {
    const known = names[list];
    if (name === undefined || !known || known.has(name)) continue;
    return { field, message: `no worker has "${name}". Known are: ${toText(known)}` };
  }
  return undefined;
};

const mentionsIn = (request: StoredRequest): readonly Mention[] => {
  switch (request.kind) {
    case 'TXT2IMG': {
      const { hires } = request.txt2img;
      const upscaler: Mention = ['txt2img.hires.upscaler', hires?.upscaler, 'upscalers'];
      return [...samplingMentions('txt2img', request.txt2img), upscaler];
    }
    case 'IMG2IMG':
      return samplingMentions('img2img', request.img2img);
    case 'UPSCALE':
      return [['upscale.upscaler', request.upscale.upscaler, 'upscalers']];
  }
};

interface Sampling {
  readonly prompt: string;
  readonly model?: string | undefined;
  readonly vae?: string | undefined;
  readonly sampler: string;
  readonly scheduler: string;
}

const samplingMentions = (kind: string, sampling: Sampling): readonly Mention[] => [
  [`${kind}.model`, sampling.model, 'checkpoints'],
  [`${kind}.vae`, sampling.vae, 'vaes'],
  [`${kind}.sampler`, sampling.sampler, 'samplers'],
  [`${kind}.scheduler`, sampling.scheduler, 'schedulers'],
  ...lorasIn(sampling.prompt).map((name): Mention => [`${kind}.prompt`, name, 'loras']),
];

const toText = (known: ReadonlySet<string>): string => {
  const sorted = [...known].sort();
  const more = sorted.length - SHOWN;
  return (sorted.slice(0, SHOWN).join(', ') || 'none') + (more > 0 ? ` and ${more} more` : '');
};
