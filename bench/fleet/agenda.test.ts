import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createAgenda } from './agenda.ts';

it('hands out what was added by time, and at the same time in the order in which it was added', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (times) => {
      const agenda = createAgenda<number>();
      times.forEach((at, index) => agenda.add(at, index));
      const seen: [number, number][] = [];
      for (let next = agenda.next(); next; next = agenda.next()) seen.push([next.at, next.what]);
      const expected = times
        .map((at, index): [number, number] => [at, index])
        .sort(([left, first], [right, second]) => left - right || first - second);
      expect(seen).toEqual(expected);
    }),
  );
});
