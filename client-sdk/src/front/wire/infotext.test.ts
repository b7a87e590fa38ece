import { describe, expect, it } from 'vitest';
import { parseInfotext, toPngInfoParameters } from './infotext.ts';

const LAST_LINE =
  'Steps: 20, Sampler: DPM++ 2M, CFG scale: 7.0, Seed: 1, Size: 512x768, Lora hashes: "ink: a, wash: b", Version: v1.10.1';

describe('an infotext', () => {
  it('is taken apart into prompts and pairs, quoted values unquoted', () => {
    expect(parseInfotext(`a cat,\non a mat\nNegative prompt: fog\nrain\n${LAST_LINE}`)).toEqual({
      prompt: 'a cat,\non a mat',
      negativePrompt: 'fog\nrain',
      pairs: {
        Steps: '20',
        Sampler: 'DPM++ 2M',
        'CFG scale': '7.0',
        Seed: '1',
        Size: '512x768',
        'Lora hashes': 'ink: a, wash: b',
        Version: 'v1.10.1',
      },
    });
  });

  it('is all prompt where the last line holds hardly any pairs', () => {
    expect(parseInfotext('a sign that says: open, closed: no')).toMatchObject({
      prompt: 'a sign that says: open, closed: no',
      pairs: {},
    });
  });

  it('is told by png-info with the size in two', () => {
    expect(toPngInfoParameters(`a cat\n${LAST_LINE}`)).toMatchObject({
      Prompt: 'a cat',
      'Negative prompt': '',
      'Size-1': '512',
      'Size-2': '768',
    });
    expect(toPngInfoParameters('')).toEqual({});
  });
});
