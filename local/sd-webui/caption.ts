import type { Raster } from './picture.ts';

/** Three columns by five rows, each row a digit 0…7: what can be read of a caption at thumbnail size. */
// prettier-ignore
const GLYPHS: Readonly<Record<string, string>> = {
  a: '25755', b: '65656', c: '34443', d: '65556', e: '74647', f: '74644', g: '34553', h: '55755', i: '72227',
  j: '11152', k: '55655', l: '44447', m: '57755', n: '65555', o: '25552', p: '65644', q: '25563', r: '65655',
  s: '34216', t: '72222', u: '55557', v: '55552', w: '55775', x: '55255', y: '55222', z: '71247', 0: '75557',
  1: '26227', 2: '71747', 3: '71317', 4: '55711', 5: '74717', 6: '74757', 7: '71122', 8: '75757', 9: '75717',
  ',': '00024', '.': '00002', '-': '00700', ':': '02020', "'": '22000', '#': '57575',
};

const SCALE = 2;
const ADVANCE = 4 * SCALE;
const BAR_HEIGHT = 9 * SCALE;
const MARGIN = 2 * SCALE;

/** Writes the text into a dark bar at the bottom, as far as it fits. Small pictures stay as they are. */
export const drawCaption = ({ width, height, data }: Raster, text: string): void => {
  if (width < 128 || height < 128) return;
  const top = height - BAR_HEIGHT;
  for (let offset = top * width * 3; offset < data.length; offset += 1)
    data[offset] = (data[offset] ?? 0) >> 2;
  const fitting = Math.floor((width - 2 * MARGIN) / ADVANCE);
  [...text.toLowerCase().slice(0, fitting)].forEach((character, index) => {
    const rows = GLYPHS[character] ?? '';
    for (let y = 0; y < rows.length * SCALE; y += 1) {
      const bits = Number(rows[Math.floor(y / SCALE)]);
      for (let x = 0; x < 3 * SCALE; x += 1) {
        if (((bits >> (2 - Math.floor(x / SCALE))) & 1) === 0) continue;
        const offset = ((top + MARGIN + y) * width + MARGIN + index * ADVANCE + x) * 3;
        data.fill(235, offset, offset + 3);
      }
    }
  });
};
