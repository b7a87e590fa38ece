import { describe, expect, it } from 'vitest';
import type { WorkerState } from '../contract/worker.ts';
import { createStatus } from './status.ts';

const start = () => {
  let now = 0;
  const changes: WorkerState[] = [];
  const status = createStatus({
    workerId: 'i-1',
    wallClock: () => (now += 1000),
    onChange: (state) => changes.push(state),
  });
  return { status, changes };
};

describe('createStatus', () => {
  it('starts, gets ready, is busy with a task and ready again', () => {
    const { status, changes } = start();
    expect(status.health()).toMatchObject({
      status: 'starting',
      reasons: [expect.stringContaining('WebUI')],
    });
    status.observe({ kind: 'worker:ready' });
    status.observe({ kind: 'job:started', taskId: 't', gapMs: 1 });
    expect(status.health()).toMatchObject({ status: 'busy', taskId: 't', reasons: [] });
    status.observe({ kind: 'job:ended', taskId: 't' });
    expect(status.health()).not.toHaveProperty('taskId');
    expect(changes).toEqual(['READY', 'BUSY', 'READY']);
  });

  it('says why it is unhealthy, stays so while the WebUI is restarted, and recovers', () => {
    const { status } = start();
    status.observe({ kind: 'worker:unhealthy', reason: 'no picture in time' });
    status.observe({ kind: 'webui:restarted', reason: 'no picture in time' });
    expect(status.health()).toMatchObject({
      status: 'unhealthy',
      reasons: [expect.stringContaining('no picture')],
    });
    status.observe({ kind: 'worker:ready' });
    expect(status.health()).toMatchObject({ status: 'ready', reasons: [] });
  });

  it('drains to its end, whatever else happens', () => {
    const { status, changes } = start();
    status.observe({ kind: 'worker:draining', reason: 'spot' });
    status.observe({ kind: 'job:ended', taskId: 't' });
    expect(status.health()).toMatchObject({ status: 'draining', reasons: ['spot'] });
    expect(changes).toEqual(['DRAINING']);
  });
});
