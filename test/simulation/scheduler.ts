/** Virtual time: nothing waits, the next event is due at once. */
export interface Scheduler {
  /** Milliseconds since the history began. */
  readonly now: () => number;
  /** Runs that long from now, after whatever was to run before. Returns how to call it off. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** Runs event after event until `isOver`, or until there is none before `untilMs`. */
  readonly run: (untilMs: number, isOver: () => boolean) => Promise<void>;
}

interface Event {
  readonly at: number;
  run: (() => void) | undefined;
}

export const createScheduler = (): Scheduler => {
  let now = 0;
  /** Sorted by `at`, latest first; few enough that inserting is cheap. */
  const events: Event[] = [];

  const insert = (event: Event): void => {
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle]?.at ?? 0) > event.at) low = middle + 1;
      else high = middle;
    }
    events.splice(low, 0, event);
  };

  return {
    now: () => now,
    after: (ms, run) => {
      const event: Event = { at: now + Math.max(0, ms), run };
      insert(event);
      return () => {
        event.run = undefined;
      };
    },
    run: async (untilMs, isOver) => {
      await settle();
      while (!isOver()) {
        const event = events.pop();
        if (!event || event.at > untilMs) {
          now = untilMs;
          return;
        }
        if (!event.run) continue;
        now = event.at;
        event.run();
        await settle();
      }
    },
  };
};

/** Resolves when every promise that could go on has gone on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
