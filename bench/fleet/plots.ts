import type { TraceReport } from './report.ts';
import type { Moment } from './world.ts';

/*
 * Two pictures, as text: a plotting package would bring a hundred times the code that axes, dots and steps take, and pictures
 * that differ with its version. The same numbers are always the same bytes.
 */

const COLORS: Readonly<Record<string, string>> = {
  ours: '#0b7285',
  bound: '#868e96',
  'step-scaling': '#c92a2a',
  'target-tracking': '#5f3dc4',
  'queue-length': '#2b8a3e',
  'always-on': '#e67700',
};
const LABELS: Readonly<Record<string, string>> = {
  bound: 'bound at the p95 of ours',
};

/** Names may come from files. */
const escape = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const FONT = 'font-family="system-ui, sans-serif" font-size="12"';

const svg = (width: number, height: number, title: string, parts: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<rect width="100%" height="100%" fill="#fff"/>
<g ${FONT} fill="#212529">
${parts.join('\n')}
</g>
</svg>
`;

const text = (x: number, y: number, content: string, attributes = ''): string =>
  `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}"${attributes && ` ${attributes}`}>${escape(content)}</text>`;
const line = (x1: number, y1: number, x2: number, y2: number): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#dee2e6"/>`;
const dot = (x: number, y: number, color: string, title: string): string =>
  `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" fill="${color}" fill-opacity="0.8"><title>${escape(title)}</title></circle>`;

const colorOf = (name: string): string => COLORS[name] ?? '#000';

/** What each policy cost for an hour of work, and its p95, on each trace. Both axes are logarithmic. */
export const frontierSvg = (reports: readonly TraceReport[]): string => {
  const [width, height, left, top, right, bottom] = [760, 460, 60, 40, 20, 50];
  const points = reports.flatMap(({ trace, workHours, results, bound }) => {
    const ours = results.find(({ policy }) => policy === 'ours');
    const plain = results.map((result) => ({
      ...{ name: result.policy as string, p95: result.p95, cost: result.gpuHours / workHours, trace },
    }));
    return ours && bound
      ? [...plain, { name: 'bound', p95: ours.p95, cost: bound.atP95 / workHours, trace }]
      : plain;
  });
  const [leastWait, leastCost] = [1, 1];
  const mostWait = Math.max(10, ...points.map(({ p95 }) => p95)) * 1.2;
  const mostCost = Math.max(2, ...points.map(({ cost }) => cost)) * 1.1;
  const scale = (value: number, least: number, most: number): number =>
    Math.log(Math.max(value, least) / least) / Math.log(most / least);
  const x = (p95: number): number => left + scale(p95, leastWait, mostWait) * (width - left - right);
  const y = (cost: number): number =>
    height - bottom - scale(cost, leastCost, mostCost) * (height - top - bottom);
  const waits = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000].filter((wait) => wait < mostWait);
  const costs = [1, 1.5, 2, 3, 5, 10, 20, 50].filter((cost) => cost < mostCost);
  const names = [...new Set(points.map(({ name }) => name))];
  return svg(width, height, 'Cost and p95 wait of each policy', [
    ...waits.flatMap((wait) => [
      line(x(wait), top, x(wait), height - bottom),
      text(x(wait), height - bottom + 16, `${wait}`, 'text-anchor="middle"'),
    ]),
    ...costs.flatMap((cost) => [
      line(left, y(cost), width - right, y(cost)),
      text(left - 6, y(cost) + 4, `${cost}`, 'text-anchor="end"'),
    ]),
    text(width / 2, height - 12, 'p95 wait, seconds', 'text-anchor="middle"'),
    text(
      0,
      0,
      'GPU-hours paid for an hour of work',
      `text-anchor="middle" transform="translate(16 ${height / 2}) rotate(-90)"`,
    ),
    ...points.map(({ name, p95, cost, trace }) =>
      dot(x(p95), y(cost), colorOf(name), `${trace}, ${name}: ${p95.toFixed(0)} s, ${cost.toFixed(2)}`),
    ),
    ...names.flatMap((name, index) => [
      dot(left + 10 + 235 * (index % 3), 8 + 16 * Math.floor(index / 3), colorOf(name), name),
      text(
        left + 20 + 235 * (index % 3),
        12 + 16 * Math.floor(index / 3),
        LABELS[name] ?? name.replace('-', ' '),
      ),
    ]),
  ]);
};

/** How many instances each policy had over the day, over those that were busy. */
export const timelineSvg = (trace: string, days: ReadonlyMap<string, readonly Moment[]>): string => {
  const [width, left, row, gap] = [760, 130, 70, 14];
  const entries = [...days];
  const height = 60 + entries.length * (row + gap);
  const endsAt = Math.max(1, ...entries.map(([, moments]) => moments.at(-1)?.at ?? 0));
  const most = Math.max(1, ...entries.flatMap(([, moments]) => moments.map(({ instances }) => instances)));
  const x = (at: number): number => left + (at / endsAt) * (width - left - 20);
  const hours = Array.from({ length: Math.floor(endsAt / 3600 / 3) + 1 }, (_, index) => 3 * index);
  const parts = entries.flatMap(([name, moments], index) => {
    const base = 40 + (index + 1) * row + index * gap;
    const y = (count: number): number => base - (count / most) * row;
    return [
      text(left - 10, base - row / 2, name.replace('-', ' '), 'text-anchor="end"'),
      text(left - 10, base - row + 8, `${most}`, 'text-anchor="end" fill="#868e96"'),
      text(left - 10, base, '0', 'text-anchor="end" fill="#868e96"'),
      line(left, base, width - 20, base),
      area(moments, 'instances', x, y, colorOf(name), 0.35),
      area(moments, 'busy', x, y, colorOf(name), 0.9),
    ];
  });
  return svg(width, height, `Instances over the day of ${trace}`, [
    text(left, 20, `${trace}: instances (light) and how many of them were busy (dark)`),
    ...parts,
    ...hours.map((hour) => text(x(3600 * hour), height - 8, `${hour} h`, 'text-anchor="middle"')),
  ]);
};

/** The mean of every ten minutes, as steps: a picture has no room for more. */
const area = (
  moments: readonly Moment[],
  of: 'instances' | 'busy',
  x: (at: number) => number,
  y: (count: number) => number,
  color: string,
  opacity: number,
): string => {
  const every = 10;
  const steps: string[] = [];
  for (let from = 0; from < moments.length; from += every) {
    const some = moments.slice(from, from + every);
    const [first, last] = [some[0], some.at(-1)];
    if (!first || !last) continue;
    const mean = some.reduce((sum, moment) => sum + moment[of], 0) / some.length;
    steps.push(
      `${x(first.at).toFixed(1)},${y(mean).toFixed(1)}`,
      `${x(last.at + 60).toFixed(1)},${y(mean).toFixed(1)}`,
    );
  }
  const [begin, end] = [x(moments[0]?.at ?? 0), x((moments.at(-1)?.at ?? 0) + 60)];
  const points = [`${begin.toFixed(1)},${y(0).toFixed(1)}`, ...steps, `${end.toFixed(1)},${y(0).toFixed(1)}`];
  return `<polygon points="${points.join(' ')}" fill="${color}" fill-opacity="${opacity}"/>`;
};
