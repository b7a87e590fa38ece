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

describe('how far a task is', () => {
  it('is told in steps, and in seconds while it runs', () => {
    expect(toDetail(taskOf('QUEUED'))).toBe('');
    expect(toDetail(taskOf('RUNNING', 12))).toBe('12/20 steps, 3.1 s left');
    expect(toDetail(taskOf('CANCELING', 12))).toBe('12/20 steps');
  });

  it('is a line whenever there is something new to say, where there is no terminal', () => {
    const lines: string[] = [];
    const view = createProgressView({ isInteractive: false, say: (line) => lines.push(line) });
    for (const task of [taskOf('QUEUED'), taskOf('QUEUED'), taskOf('RUNNING', 1)]) view.show(task);
    expect(lines).toEqual(['QUEUED', 'RUNNING   1/20 steps, 3.1 s left']);
  });

  it('is a bar on a terminal until it is stopped, and never again hides the cursor', () => {
    const lines: string[] = [];
    const drawn = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 80 });
    const view = createProgressView({ isInteractive: true, say: (line) => lines.push(line) }, drawn);
    view.show(taskOf('RUNNING', 1));
    view.stop();
    view.show(taskOf('CANCELING', 2));
    const text = String(drawn.read());
    expect(text).toContain('1/20 steps');
    // Whether the cursor is shown, as often as that was said.
    expect(text.match(/\x1b\[\?25[lh]/g)?.at(-1)).toBe('\x1b[?25h');
    expect(lines).toEqual(['CANCELING 2/20 steps']);
  });
});
