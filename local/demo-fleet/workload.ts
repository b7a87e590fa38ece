import type { SubmitTaskInput } from '../../client-sdk/src/index.ts';
import { between, createRandom } from '../faults/random.ts';

/** Tasks of mixed sizes, the same for the same seed: most are small, some large, a few very large. */
export const toWorkload = (count: number, seed: number): readonly SubmitTaskInput[] => {
  const random = createRandom(seed, 'sizes');
  return Array.from({ length: count }, (_, index): SubmitTaskInput => {
    const size = random();
    const [steps, batchSize] =
      size < 0.6
        ? [between(random, 15, 40), 1]
        : size < 0.93
          ? [between(random, 50, 90), 1]
          : [between(random, 80, 120), 2];
    return { txt2img: { prompt: `a lighthouse, study ${index + 1}`, steps, batchSize, seed: index } };
  });
};
