/** The pool of whatever names no model that another one serves. */
export const DEFAULT_POOL = 'default';

/**
 * Holds an instance that must go until its worker has handed back what it had: the worker ends the waiting, or the time
 * does.
 */
export const DRAIN_HOOK = { name: 'drain', heartbeatSeconds: 600 } as const;

/**
 * Holds an instance that was launched until its worker has proved itself. One that does not in that time is replaced: well
 * above what a boot takes from a cold volume, below what a broken image may cost.
 */
export const READY_HOOK = { name: 'ready', heartbeatSeconds: 1200 } as const;

/** What a worker may take to leave once it was told to. Less than the hook waits, or the instance goes first. */
export const DRAIN_SECONDS = 300;

/** A task as whoever decides about the fleet sees it. */
export interface FleetTask {
  readonly state: 'QUEUED' | 'RUNNING';
  /** Its whole work (`megapixelStepsOf`), whichever part of it is done. */
  readonly megapixelSteps: number;
  /** How long its GPU has worked on it. */
  readonly runningSeconds?: number;
  /** It runs on nobody's GPU any more: its worker is gone, and it will be queued again, whole. */
  readonly isLost?: boolean;
}

/** `BOOTING` from launch until its worker has proved itself. One that drains takes nothing more and counts for nothing. */
export type FleetMemberState = 'BOOTING' | 'READY' | 'BUSY' | 'DRAINING';

export interface FleetMember {
  readonly id: string;
  /** The pool's own unless told. */
  readonly instanceType?: string;
  readonly state: FleetMemberState;
  /** Since its launch; matters while it boots. */
  readonly ageSeconds?: number;
}

/** What a deployment chooses about its fleet. */
export interface FleetSettings {
  /** What is launched. */
  readonly instanceType: string;
  readonly min: number;
  readonly max: number;
  /** Capacity is raised when somebody would wait longer than that for a GPU. */
  readonly targetWaitSeconds: number;
  /** Of all instances together, in the currency of the price. Absent: `max` alone limits. */
  readonly budgetPerHour?: number;
  /** How long the last instance stays when there is nothing to do. Absent: as `should-leave.ts` thinks best. */
  readonly idleSeconds?: number;
  /** Of one instance; without it a budget can't be kept, and none is launched beyond `min`. */
  readonly pricePerHour?: number;
}

/** Why the capacity is what it is. */
export type FleetCause =
  /** Nobody waits longer than the target. */
  | 'enough'
  /** Work came to a fleet of nobody. */
  | 'wake'
  /** Somebody would wait longer than the target. */
  | 'wait'
  | 'min'
  /** Somebody waits too long, and there may be no more instances. */
  | 'atMax'
  | 'atBudget'
  /** Something is not known: what is there stays. */
  | 'unknown';

export interface FleetDecision {
  /** The group's desired capacity. Never below what it is. */
  readonly desired: number;
  readonly cause: FleetCause;
  /** One sentence for people, with its numbers. */
  readonly reason: string;
  readonly numbers: FleetNumbers;
  /** With `unknown`: the reason of the last decision that was not. */
  readonly before?: string;
}

/** What was reckoned with. Times in seconds of one instance's GPU. */
export interface FleetNumbers {
  /** Desired capacity before. */
  readonly running: number;
  readonly booting: number;
  readonly queued: number;
  readonly inFlight: number;
  /** Of those in flight: their worker is gone. They come back to the queue, some time. */
  readonly returning: number;
  readonly queuedSeconds: number;
  /** What is left of the work in flight. */
  readonly inFlightSeconds: number;
  /** Until the last that is queued would start, with what is running and with what was decided; absent: for ever. */
  readonly waitSeconds?: number;
  readonly waitSecondsThen?: number;
  /** What the wait was held against: the target, and what launches are to bring it to: never less than is worth a boot. */
  readonly targetSeconds: number;
  readonly goalSeconds: number;
  readonly bootSeconds: number;
  readonly megapixelStepsPerSecond: number;
  /** Assumed, because nothing was measured. */
  readonly assumed: readonly ('rate' | 'boot')[];
  /** Instances that max and budget allow. */
  readonly most: number;
}

/** What a worker needs to know of the fleet before it may leave: as of the last pass over it. */
export interface FleetView {
  readonly ageSeconds: number;
  /** Queued and in flight, in seconds of one GPU. */
  readonly backlogSeconds: number;
  readonly queued: number;
  readonly returning: number;
  readonly members: readonly Pick<FleetMember, 'id' | 'state'>[];
}

/** One fleet that the scaler looks after: of its limits the group itself knows `min` and `max`. */
export interface FleetConfig extends Omit<FleetSettings, 'min' | 'max'> {
  readonly pool: string;
  /** Name of the Auto Scaling group. */
  readonly group: string;
}

/** A member with the moment since which it is in that state, in milliseconds; while it boots: since it was launched. */
export interface FleetMemberRecord extends Pick<FleetMember, 'id' | 'state' | 'instanceType'> {
  readonly since: number;
  /** It boots three times as long as others did, or its worker is not heard of any more: nobody counts on it. */
  readonly isOverdue?: boolean;
}

/**
 * Where in the queue a task stands that was submitted then, and when it should start, in whole seconds after the pass; absent:
 * never, as things are.
 */
export interface QueueMark {
  readonly createdAt: number;
  /** 1: the next one. */
  readonly position: number;
  readonly startsInSeconds?: number;
}

/** What a pass over a fleet found and decided; one item per pool. Instants are milliseconds since 1970. */
export interface FleetSummary {
  readonly pool: string;
  readonly id: typeof SUMMARY_ID;
  /** Grows by one with every pass: of two at the same time one gives way. */
  readonly version: number;
  readonly at: number;
  readonly decision: FleetDecision;
  readonly members: readonly FleetMemberRecord[];
  /** Instances that are there beyond the desired capacity, because they are protected. */
  readonly surplus: number;
  readonly min: number;
  readonly max: number;
  readonly targetWaitSeconds: number;
  readonly idleSeconds?: number;
  readonly backlogSeconds: number;
  /** Of those that wait for a worker; absent: nobody does. */
  readonly oldestAt?: number;
  /** When a task would start that is submitted now; absent: never, as things are. */
  readonly newStartsInSeconds?: number;
  /** Some of those that wait, oldest first. Their starts are missing where nobody will come. */
  readonly marks: readonly QueueMark[];
  /** Of the instances that are launched. */
  readonly megapixelStepsPerSecond: number;
  readonly bootSeconds?: number;
  /** Megapixel-steps in a second, by instance type. */
  readonly rates: Readonly<Record<string, number>>;
}

/** A decision that said something new. `expiresAt` in seconds, for DynamoDB's TTL. */
export interface FleetDecisionRecord extends FleetDecision {
  readonly pool: string;
  /** `decision#` and when it was taken, so that they sort by time. */
  readonly id: string;
  readonly at: number;
  /** What else was noticed, e.g. that Auto Scaling could not launch, with its words. */
  readonly notes: readonly string[];
  readonly expiresAt: number;
}

export const FLEET_TABLE = { partitionKey: 'pool', sortKey: 'id', ttlAttribute: 'expiresAt' } as const;
export const SUMMARY_ID = 'summary';
export const DECISION_PREFIX = 'decision#';
export const DECISION_RETENTION_DAYS = 30;
/** Where a task stands is told to the place up to so many, and beyond that about. */
export const QUEUE_MARKS = 50;

/** The wait that is aimed at, unless a deployment says otherwise. */
export const TARGET_WAIT_SECONDS = 300;

/** What the scaler's log says of a pass that is worth a line, word by word: the dashboard shows those lines. */
export const PASS_NEWS = {
  decided: 'fleet decided',
  undecided: 'fleet not decided',
  refused: 'capacity not raised',
} as const;

/** How often the fleet is looked at, and how old a look may be to decide anything by it. */
export const FLEET_PASS_SECONDS = 60;
export const FLEET_STALE_SECONDS = 180;

/**
 * Until one has been measured: launch to first picture on an instance whose image holds the model and whose volume is warm.
 * Published figures say 1.5 to 3 minutes; 5 to 8 where the volume still has to be fetched from S3.
 */
export const ASSUMED_BOOT_SECONDS = 150;

/**
 * Megapixel-steps in a second, until a worker has measured its own: published benchmarks of the WebUI (System-Info
 * extension) for the GPU of each family, the decoding of images included.
 */
export const ASSUMED_RATES: Readonly<Record<string, number>> = { g4dn: 1.3, g5: 3.3, g6: 2.8, g6e: 6 };
/** Of a GPU that nobody has heard of: a slow one. */
export const ASSUMED_RATE = 1;
