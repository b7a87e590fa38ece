import { httpException } from './wire/errors.ts';

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
/** PNG, JPEG, WebP: what a task takes. */
const IMAGE = /^(iVBORw0KGgo|\/9j\/|UklGR)/;

/**
 * An image that a client sent: base64, bare or as a data URL, bare again afterwards. An address is refused as by a WebUI with
 * `api_enable_requests` off: what this process can reach is nobody else's to read.
 */
export const toImage = (value: unknown): string => {
  if (typeof value !== 'string') throw httpException(500, 'Invalid encoded image');
  if (/^https?:/i.test(value)) throw httpException(500, 'Requests not allowed');
  const base64 = value.replace(/^data:image\/[^;,]+;base64,/, '').replaceAll(/\s/g, '');
  if (!IMAGE.test(base64) || !isBase64(base64)) throw httpException(500, 'Invalid encoded image');
  return base64;
};
