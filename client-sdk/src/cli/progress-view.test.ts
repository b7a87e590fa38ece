import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Task } from '../index.ts';
import { createProgressView, toDetail } from './progress-view.ts';

const taskOf = (status: Task['status'], step?: number): Task =>
  ({
    status,
    progress:
      step === undefined
        ? null
        : { step, steps: 20, fraction: step / 20, etaSeconds: 3.14, previewUrl: null },
  }) as Task;

const NOW = Date.parse('2026-01-01T00:00:00Z');
const now = (): number => NOW;

const waiting = (queuePosition: number, startsAt: string | null): Task =>
  ({ status: 'QUEUED', progress: null, estimate: { queuePosition, startsAt, eta: null } }) as Task;

describe('how far a task is', () => {
  it('is told in steps, and in seconds while it runs', () => {
    expect(toDetail(taskOf('QUEUED'), NOW)).toBe('');
    expect(toDetail(taskOf('RUNNING', 12), NOW)).toBe('12/20 steps, 3.1 s left');
    expect(toDetail(taskOf('CANCELING', 12), NOW)).toBe('12/20 steps');
  });

  it.each([
    [waiting(12, '2026-01-01T00:00:40Z'), 'place 12, starts in 40 s'],
    [waiting(1, '2025-12-31T23:59:50Z'), 'place 1, starts any moment'],
    [waiting(3, null), 'place 3, nobody will come as things are'],
  ])('is a place in the queue while it waits (%#)', (task, detail) => {
    expect(toDetail(task, NOW)).toBe(detail);
  });

  it('is a line for every new place or time, and none for time that goes by', () => {
    const lines: string[] = [];
    let at = NOW;
    const view = createProgressView({ isInteractive: false, say: (line) => lines.push(line) }, () => at);
    view.show(waiting(12, '2026-01-01T00:00:40Z'));
    at += 10_000;
    view.show(waiting(12, '2026-01-01T00:00:40Z'));
    view.show(waiting(8, '2026-01-01T00:00:40Z'));
    view.show(waiting(8, '2026-01-01T00:01:10Z'));
    expect(lines).toEqual([
      'QUEUED    place 12, starts in 40 s',
      'QUEUED    place 8, starts in 30 s',
      'QUEUED    place 8, starts in 60 s',
    ]);
  });

  it('is a line whenever there is something new to say, where there is no terminal', () => {
    const lines: string[] = [];
    const view = createProgressView({ isInteractive: false, say: (line) => lines.push(line) }, now);
    for (const task of [taskOf('QUEUED'), taskOf('QUEUED'), taskOf('RUNNING', 1)]) view.show(task);
    expect(lines).toEqual(['QUEUED', 'RUNNING   1/20 steps, 3.1 s left']);
  });

  it('is a bar on a terminal until it is stopped, and never again hides the cursor', () => {
    const lines: string[] = [];
    const drawn = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 80 });
    const view = createProgressView({ isInteractive: true, say: (line) => lines.push(line) }, now, drawn);
    view.show(waiting(12, '2026-01-01T00:00:40Z'));
    view.show(taskOf('RUNNING', 1));
    view.stop();
    view.show(taskOf('CANCELING', 2));
    const text = String(drawn.read());
    expect(text).toMatch(/QUEUED {4}\[.*\] place 12, starts in 40 s/);
    expect(text).toContain('1/20 steps');
    // Whether the cursor is shown, as often as that was said.
    expect(text.match(/\x1b\[\?25[lh]/g)?.at(-1)).toBe('\x1b[?25h');
    expect(lines).toEqual(['CANCELING 2/20 steps']);
  });
});
