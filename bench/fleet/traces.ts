import { PROFILES } from '../../local/sd-webui/timing.ts';
import { createRandom } from '../../test/simulation/random.ts';
import { toArrival, type Shape, type Trace } from './trace.ts';

/*
 * Arrivals by six patterns, four variants of each: the first two are for choosing parameters, the other two for judging
 * them. They differ in load, size and boot time, not in the seed alone. Loads are in GPUs that would be busy on average.
 */

export const PATTERNS = ['steady', 'diurnal', 'burst', 'heavy-tailed', 'dead-nights', 'spot-storm'] as const;
export type Pattern = (typeof PATTERNS)[number];
export const VARIANTS = 4;

type Random = () => number;

const HOUR = 3600;
const DAY = 24 * HOUR;

/** What people ask for: mostly one or four small pictures, or one large one. */
const EVERYDAY: readonly (readonly [share: number, shape: Shape])[] = [
  [0.35, { side: 512, steps: 20, batchSize: 1 }],
  [0.2, { side: 512, steps: 30, batchSize: 4 }],
  [0.35, { side: 1024, steps: 30, batchSize: 1 }],
  [0.1, { side: 1024, steps: 40, batchSize: 2 }],
];

const everyday = (random: Random): Shape => {
  let left = random();
  for (const [share, shape] of EVERYDAY) {
    left -= share;
    if (left < 0) return shape;
  }
  return { side: 1024, steps: 40, batchSize: 2 };
};

/** Steps by a Pareto distribution (its exponent 1.1), as far as a request may go: few tasks are most of the work. */
const heavyTailed = (random: Random): Shape => {
  const scale = 1 / (1 - random()) ** (1 / 1.1);
  const batchSize = scale > 20 ? 4 : scale > 8 ? 2 : 1;
  return { side: scale > 3 ? 1024 : 512, steps: Math.round(Math.min(150, 15 + 4 * scale)), batchSize };
};

const GPU = PROFILES['a10g-sd15'];
if (!GPU) throw new Error('The timing profile of the A10G is missing');

const secondsOf = (shape: Shape): number => toArrival(0, shape, GPU).gpuSeconds;

const meanSeconds = (draw: (random: Random) => Shape): number => {
  const random = createRandom(7);
  const drawn = Array.from({ length: 20_000 }, () => secondsOf(draw(random)));
  return drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
};

/** Instants of a Poisson process whose rate changes with time, by thinning. */
const instants = (
  random: Random,
  seconds: number,
  rateAt: (at: number) => number,
  most: number,
): number[] => {
  const found: number[] = [];
  for (let at = 0; ;) {
    at -= Math.log(1 - random()) / most;
    if (at >= seconds) return found;
    if (random() * most < rateAt(at)) found.push(at);
  }
};

interface Day {
  /** GPUs busy on average, by the time of day. */
  readonly loadAt: (at: number) => number;
  readonly mostLoad: number;
  readonly shape?: (random: Random) => Shape;
  /** Besides. */
  readonly bursts?: readonly {
    readonly at: number;
    readonly tasks: number;
    readonly withinSeconds: number;
  }[];
  readonly interruptions?: readonly number[];
  readonly bootSeconds?: number;
}

const toTrace = (pattern: Pattern, variant: number, seed: number, hours: number): Trace => {
  const random = createRandom(1000 * seed + 10 * PATTERNS.indexOf(pattern) + variant);
  const seconds = hours * HOUR;
  const day = DAYS[pattern](variant, random, seconds);
  const shape = day.shape ?? everyday;
  const mean = meanSeconds(shape);
  const own = instants(random, seconds, (at) => day.loadAt(at) / mean, day.mostLoad / mean);
  const bursts = (day.bursts ?? []).flatMap(({ at, tasks, withinSeconds }) =>
    Array.from({ length: tasks }, () => at + withinSeconds * random()),
  );
  return {
    name: `${pattern}-${variant}`,
    half: variant <= VARIANTS / 2 ? 'train' : 'test',
    seconds,
    arrivals: [...own, ...bursts]
      .filter((at) => at < seconds)
      .sort((left, right) => left - right)
      .map((at) => toArrival(at, shape(random), GPU)),
    bootSeconds: day.bootSeconds ?? pick(BOOT_SECONDS, variant),
    interruptions: day.interruptions ?? [],
    max: 20,
  };
};

/** Within what is published for images with everything baked in; the last one has to fetch a part of its volume. */
const BOOT_SECONDS = [150, 110, 130, 200];

const pick = (values: readonly number[], variant: number): number =>
  values[(variant - 1) % values.length] ?? Number.NaN;

/** Between night and noon like a sine, one period a day. */
const sine = (low: number, high: number) => (at: number) =>
  low + ((high - low) * (1 - Math.cos((2 * Math.PI * at) / DAY))) / 2;

const DAYS: Readonly<Record<Pattern, (variant: number, random: Random, seconds: number) => Day>> = {
  steady: (variant) => {
    const load = pick([0.6, 3, 1.4, 5.5], variant);
    return { loadAt: () => load, mostLoad: load };
  },
  diurnal: (variant) => {
    const high = pick([3, 7, 4.5, 2], variant);
    return { loadAt: sine(high / 20, high), mostLoad: high };
  },
  burst: (variant, random, seconds) => {
    const load = pick([0.3, 0.05, 0.15, 0.5], variant);
    const [tasks, everyHours] = [pick([60, 150, 100, 40], variant), pick([1.5, 4, 2.5, 1], variant)];
    const count = Math.floor(seconds / HOUR / everyHours);
    const bursts = Array.from({ length: count }, (_, index) => ({
      at: (index + random()) * everyHours * HOUR,
      tasks: Math.round(tasks * (0.5 + random())),
      withinSeconds: 60,
    }));
    return { loadAt: () => load, mostLoad: load, bursts };
  },
  'heavy-tailed': (variant) => {
    const load = pick([2, 0.8, 1.2, 3.5], variant);
    return { loadAt: () => load, mostLoad: load, shape: heavyTailed };
  },
  // An office: busy by day, somebody now and then in the evening, and nobody from ten to seven.
  'dead-nights': (variant) => {
    const [busy, evening] = [pick([2, 4, 3, 1], variant), pick([0.2, 0.1, 0.3, 0.05], variant)];
    const loadAt = (at: number): number => {
      const hour = (at / HOUR) % 24;
      return hour >= 9 && hour < 18 ? busy : hour >= 7 && hour < 22 ? evening : 0;
    };
    return { loadAt, mostLoad: busy };
  },
  // Three storms a day of half an hour, in each of which EC2 takes an instance back every few minutes.
  'spot-storm': (variant, random, seconds) => {
    const high = pick([3, 5, 4, 2], variant);
    const everyMinutes = pick([6, 4, 5, 3], variant);
    const storms = [0.2, 0.5, 0.8].map((part) => seconds * part);
    const interruptions = storms.flatMap((start) =>
      Array.from(
        { length: Math.floor(30 / everyMinutes) },
        (_, index) => start + 60 * everyMinutes * (index + random()),
      ),
    );
    return { loadAt: sine(high / 3, high), mostLoad: high, interruptions };
  },
};

export interface TracesOptions {
  readonly seed: number;
  /** Of each trace. */
  readonly hours?: number;
}

/** All of them: the same for the same seed. */
export const createTraces = ({ seed, hours = 24 }: TracesOptions): readonly Trace[] =>
  PATTERNS.flatMap((pattern) =>
    Array.from({ length: VARIANTS }, (_, index) => toTrace(pattern, index + 1, seed, hours)),
  );
