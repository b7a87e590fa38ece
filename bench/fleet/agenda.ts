/** What happens next, by time; of what happens at the same time, in the order in which it was added. */
export interface Agenda<T> {
  readonly add: (at: number, what: T) => void;
  readonly next: () => { readonly at: number; readonly what: T } | undefined;
}

interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly what: T;
}

/** A binary heap: a day has some hundred thousand events. */
export const createAgenda = <T>(): Agenda<T> => {
  const heap: Entry<T>[] = [];
  let order = 0;
  const isBefore = (left: Entry<T> | undefined, right: Entry<T> | undefined): boolean =>
    left !== undefined &&
    (right === undefined || left.at < right.at || (left.at === right.at && left.order < right.order));
  const swap = (left: number, right: number): void => {
    const [a, b] = [heap[left], heap[right]];
    if (a && b) [heap[left], heap[right]] = [b, a];
  };

  return {
    add: (at, what) => {
      heap.push({ at, order: (order += 1), what });
      for (let child = heap.length - 1; child > 0;) {
        const parent = (child - 1) >> 1;
        if (!isBefore(heap[child], heap[parent])) break;
        swap(child, parent);
        child = parent;
      }
    },
    next: () => {
      const [first] = heap;
      const last = heap.pop();
      if (!first || !last || first === last) return first;
      heap[0] = last;
      for (let parent = 0; ;) {
        const [left, right] = [2 * parent + 1, 2 * parent + 2];
        const child = isBefore(heap[right], heap[left]) ? right : left;
        if (!isBefore(heap[child], heap[parent])) return first;
        swap(child, parent);
        parent = child;
      }
    },
  };
};
