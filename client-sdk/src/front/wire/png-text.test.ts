import { describe, expect, it } from 'vitest';
import { isPng, readParameters, readTexts, withParameters } from './png-text.ts';

/** One grey pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

describe('the text of a PNG', () => {
  it.each(['a cat\nSteps: 1', 'naïve café', '灯台 at dusk', ''])(
    'comes back as it was written: %j',
    (text) => {
      const png = withParameters(PIXEL, text);
      expect(isPng(png)).toBe(true);
      expect(readParameters(png)).toBe(text);
    },
  );

  it('is written as tEXt where Latin-1 suffices, as iTXt otherwise, right behind the header', () => {
    expect(withParameters(PIXEL, 'é').toString('latin1', 37, 41)).toBe('tEXt');
    expect(withParameters(PIXEL, '灯').toString('latin1', 37, 41)).toBe('iTXt');
  });

  it('is none in a picture without one, and in what is no picture or half of one', () => {
    expect(readTexts(PIXEL)).toEqual({});
    expect(readTexts(Buffer.from('GIF89a'))).toEqual({});
    expect(readTexts(withParameters(PIXEL, 'cut').subarray(0, 45))).toEqual({});
  });
});
