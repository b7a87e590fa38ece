import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './faults.ts';

export interface FaultyCall {
  readonly response: ServerResponse;
  /** Does what was asked for, and drops the answer. */
  readonly perform: () => Promise<unknown>;
  /** Answers as the service does when it is to blame. */
  readonly fail: (status: 500 | 503) => void;
}

/** Lets a call meet its fault. False: it goes on as if nothing were wrong. */
export const meetFault = async (fault: Fault, { response, perform, fail }: FaultyCall): Promise<boolean> => {
  switch (fault.kind) {
    case 'refused':
      fail(fault.status);
      return true;
    case 'unheard':
      await perform();
      fail(500);
      return true;
    case 'cut':
      await perform();
      response.destroy();
      return true;
    case 'silent':
      return true;
    case 'twice':
      await perform();
      return false;
    case 'slow':
      await delay(fault.ms, undefined, { ref: false });
      return false;
  }
};
