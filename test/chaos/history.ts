/** What somebody was shown of a task, as it came: nothing is merged here. */
export interface Sighting {
  /** Since the run began. */
  readonly atMs: number;
  readonly taskId: string;
  /** Who looked, and how: `push`, `list`, `get`, `submit`, `cancel`, or the SDK's merged view by the watcher's name. */
  readonly viewer: string;
  readonly source: string;
  /** Whose task it is, as the snapshot says. */
  readonly owner: string;
  readonly version: number;
  readonly status: string;
  readonly isTerminal: boolean;
  readonly attempt: number;
  /** Addresses of its images: unlike their checksums they differ from attempt to attempt. */
  readonly images: readonly string[];
  readonly code: string | undefined;
}

/** As much of a task as every query and subscription of the run asks for. */
export interface Snapshot {
  readonly id: string;
  readonly owner: string;
  readonly version: number;
  readonly status: string;
  readonly isTerminal: boolean;
  readonly attempt: number;
  readonly images?: readonly { readonly url?: string | null }[] | null;
  readonly error?: { readonly code: string } | null;
}

export const SNAPSHOT_FIELDS = 'id owner version status isTerminal attempt images { url } error { code }';

export interface History {
  readonly see: (viewer: string, source: string, task: Snapshot) => void;
  readonly all: () => readonly Sighting[];
}

export const createHistory = (now: () => number): History => {
  const sightings: Sighting[] = [];
  return {
    see: (viewer, source, task) => {
      const { id, owner, version, status, isTerminal, attempt, images, error } = task;
      sightings.push({
        ...{ atMs: now(), taskId: id, viewer, source, owner, version, status, isTerminal, attempt },
        images: (images ?? []).map(({ url }) => url ?? ''),
        code: error?.code,
      });
    },
    all: () => sightings,
  };
};
