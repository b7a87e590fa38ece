import { decode } from 'fast-png';
import { createHash } from 'node:crypto';
import { startSdWebui } from '../../local/sd-webui/server.ts';
import type { ChaosTask } from './workload.ts';

/** Tells pictures apart by their pixels, whatever texts the file holds. Throws for what is no whole PNG. */
export const pixelsOf = (png: Uint8Array): string => {
  const { width, height, channels, data } = decode(png, { checkCrc: true });
  return createHash('sha256').update(`${width}×${height}×${channels}`).update(data).digest('hex');
};

/** The pictures that these tasks ask for, drawn by a WebUI that nobody else uses and nothing happens to. */
export const drawExpected = async (
  tasks: readonly ChaosTask[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const webui = await startSdWebui({ profile: 'instant', allowFaultMarkers: true });
  const ask = async ({ reference }: ChaosTask): Promise<{ status: number; images: readonly string[] }> => {
    const response = await fetch(`${webui.url}${reference.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(reference.body),
    });
    const { images, image } = (await response.json()) as { images?: string[]; image?: string };
    return { status: response.status, images: images ?? (image === undefined ? [] : [image]) };
  };
  const draw = async (task: ChaosTask): Promise<readonly string[]> => {
    const first = await ask(task);
    // Some faults are met once.
    const { status, images } = first.status === 200 ? first : await ask(task);
    if (status !== 200) throw new Error(`The WebUI answered ${status} for task ${task.id}`);
    return images.map((image) => pixelsOf(Buffer.from(image, 'base64')));
  };
  try {
    const drawn = new Map<string, readonly string[]>();
    for (const task of tasks) drawn.set(task.id, await draw(task));
    return drawn;
  } finally {
    await webui.stop();
  }
};
