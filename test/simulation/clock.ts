interface Due {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

/** Virtual time: a heap of what happens when. Nothing else in a history knows a time, and no real timer is used. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  after(milliseconds: number, act: () => void): void;
  /** Lets things happen, one after the other, until the time, or until `done` says so. */
  run(until: number, done?: () => boolean): Promise<void>;
  readonly events: () => number;
}

/** Between two events everything that waits for a promise gets its turn; an immediate comes after all of those. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export function createClock(start: number): Clock {
  const heap: Due[] = [];
  let time = start;
  let order = 0;
  let count = 0;
  const before = (a: Due, b: Due) => a.at < b.at || (a.at === b.at && a.order < b.order);

  function push(due: Due): void {
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Due; // parent < at
      if (!before(due, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = due;
  }

  function pop(): Due {
    const first = heap[0] as Due; // asked for only when there is one
    const last = heap.pop() as Due;
    if (heap.length > 0) {
      let at = 0;
      for (;;) {
        let child = at * 2 + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && before(heap[child + 1] as Due, heap[child] as Due)) child++;
        const below = heap[child] as Due; // child < length
        if (!before(below, last)) break;
        heap[at] = below;
        at = child;
      }
      heap[at] = last;
    }
    return first;
  }

  return {
    now: () => time,
    after: (milliseconds, act) => push({ at: time + Math.max(0, Math.round(milliseconds)), order: order++, act }),
    events: () => count,
    async run(until, done) {
      while (heap[0] && heap[0].at <= until) {
        const due = pop();
        time = due.at;
        count++;
        due.act();
        await turn();
        if (done?.()) return;
      }
      time = Math.max(time, until);
    },
  };
}
