export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  AWSDate: { input: string; output: string; }
  AWSDateTime: { input: string; output: string; }
  AWSEmail: { input: string; output: string; }
  AWSIPAddress: { input: string; output: string; }
  AWSJSON: { input: string; output: string; }
  AWSPhone: { input: string; output: string; }
  AWSTime: { input: string; output: string; }
  AWSTimestamp: { input: number; output: number; }
  AWSURL: { input: string; output: string; }
};

export type CatalogueInput = {
  checkpoints: Array<Scalars['String']['input']>;
  loras: Array<Scalars['String']['input']>;
  samplers: Array<Scalars['String']['input']>;
  schedulers: Array<Scalars['String']['input']>;
  upscalers: Array<Scalars['String']['input']>;
  vaes: Array<Scalars['String']['input']>;
};

export type CreateUploadInput = {
  /** 1…10000000. */
  bytes: Scalars['Int']['input'];
  /** image/png, image/jpeg or image/webp. */
  contentType: Scalars['String']['input'];
};

/** Why the capacity is what it is. */
export type FleetCause =
  | 'atBudget'
  /** Somebody waits too long, and there may be no more instances. */
  | 'atMax'
  /** Nobody waits longer than the target. */
  | 'enough'
  | 'min'
  /** Something is not known: what is there stays. */
  | 'unknown'
  /** Somebody would wait longer than the target. */
  | 'wait'
  /** Work came to a fleet of nobody. */
  | 'wake';

export type FleetDecision = {
  __typename?: 'FleetDecision';
  at: Scalars['AWSDateTime']['output'];
  cause: FleetCause;
  /** The capacity that was decided on. */
  desired: Scalars['Int']['output'];
  /** What else was noticed, e.g. what Auto Scaling says of a launch that failed. */
  notes: Array<Scalars['String']['output']>;
  /** Everything that was reckoned with, by name. docs/scaling.md explains it. */
  numbers: Scalars['AWSJSON']['output'];
  pool: Scalars['ID']['output'];
  /** One sentence, with its numbers. */
  reason: Scalars['String']['output'];
  /** The capacity before. */
  running: Scalars['Int']['output'];
};

export type FleetDecisionPage = {
  __typename?: 'FleetDecisionPage';
  items: Array<FleetDecision>;
  /** Null on the last page. */
  nextToken: Maybe<Scalars['String']['output']>;
};

export type FleetMember = {
  __typename?: 'FleetMember';
  /** Of the instance. */
  id: Scalars['ID']['output'];
  state: FleetMemberState;
};

export type FleetMemberState =
  /** From launch until its worker has proved itself. */
  | 'BOOTING'
  | 'BUSY'
  /** Takes nothing more, and goes. */
  | 'DRAINING'
  | 'READY';

export type HiresInput = {
  /** 0…1; 0.7 unless told. */
  denoisingStrength?: InputMaybe<Scalars['Float']['input']>;
  /** 1…4; 2 unless told. */
  scale?: InputMaybe<Scalars['Float']['input']>;
  /** Steps of the second pass; 0, the default, means as many as in the first. */
  steps?: InputMaybe<Scalars['Int']['input']>;
  /** `Latent` unless told. */
  upscaler?: InputMaybe<Scalars['String']['input']>;
};

export type Image = {
  __typename?: 'Image';
  bytes: Scalars['Int']['output'];
  /** E.g. `image/png`. */
  contentType: Scalars['String']['output'];
  height: Scalars['Int']['output'];
  /** Stable Diffusion's generation parameters text. Null for an upscale. */
  infotext: Maybe<Scalars['String']['output']>;
  /** 0…4294967295: a whole number, in a Float because GraphQL's Int ends at 2147483647. Null for an upscale. */
  seed: Maybe<Scalars['Float']['output']>;
  /** Lower-case hex SHA-256 of the file. */
  sha256: Scalars['String']['output'];
  /** Where the image can be had, over the CDN. */
  url: Maybe<Scalars['AWSURL']['output']>;
  width: Scalars['Int']['output'];
};

/** Exactly one of both. */
export type ImageInput = {
  /** Base64 of a PNG, JPEG or WebP, or a data URL. At most about 3 MB of image. */
  data?: InputMaybe<Scalars['String']['input']>;
  /** What createUpload was answered with. The upload must have been done. */
  uploadId?: InputMaybe<Scalars['ID']['input']>;
};

export type ImageRecordInput = {
  bytes: Scalars['Int']['input'];
  contentType: Scalars['String']['input'];
  height: Scalars['Int']['input'];
  infotext?: InputMaybe<Scalars['String']['input']>;
  key: Scalars['String']['input'];
  seed?: InputMaybe<Scalars['Float']['input']>;
  sha256: Scalars['String']['input'];
  width: Scalars['Int']['input'];
};

export type Img2ImgInput = {
  batchSize?: InputMaybe<Scalars['Int']['input']>;
  cfgScale?: InputMaybe<Scalars['Float']['input']>;
  clipSkip?: InputMaybe<Scalars['Int']['input']>;
  /** 0…1, how far the result may leave the image; 0.75 unless told. */
  denoisingStrength?: InputMaybe<Scalars['Float']['input']>;
  height?: InputMaybe<Scalars['Int']['input']>;
  image: ImageInput;
  /** How the mask is used; refused without one. */
  inpaint?: InputMaybe<InpaintInput>;
  /** White is painted anew, black is kept. */
  mask?: InputMaybe<ImageInput>;
  model?: InputMaybe<Scalars['String']['input']>;
  negativePrompt?: InputMaybe<Scalars['String']['input']>;
  prompt: Scalars['String']['input'];
  resizeMode?: InputMaybe<ResizeMode>;
  sampler?: InputMaybe<Scalars['String']['input']>;
  scheduler?: InputMaybe<Scalars['String']['input']>;
  seed?: InputMaybe<Scalars['Float']['input']>;
  steps?: InputMaybe<Scalars['Int']['input']>;
  vae?: InputMaybe<Scalars['String']['input']>;
  width?: InputMaybe<Scalars['Int']['input']>;
};

export type InpaintFill =
  /** The colours around the mask, smeared over it. */
  | 'FILL'
  /** Noise, made from the seed. */
  | 'LATENT_NOISE'
  /** One flat colour. */
  | 'LATENT_NOTHING'
  /** What is there. */
  | 'ORIGINAL';

export type InpaintInput = {
  /** What is under the mask before the first step; `ORIGINAL` unless told. With a denoisingStrength of 1 little is left of it. */
  fill?: InputMaybe<InpaintFill>;
  /** Pixels by which the edge of the mask is softened, 0…64; 4 unless told. */
  maskBlur?: InputMaybe<Scalars['Int']['input']>;
  /** Paint anew what is black and keep what is white. False unless told. */
  maskInvert?: InputMaybe<Scalars['Boolean']['input']>;
  /**
   * Sample the masked part alone, at width × height, and put it back into the image: the result then has the image's own size. A mask
   * without any white is then ignored. False unless told: the whole picture is sampled. Image and mask must be of one size
   * then, of at most 4194304 pixels: the worker refuses others with INVALID_REQUEST.
   */
  onlyMasked?: InputMaybe<Scalars['Boolean']['input']>;
  /** With `onlyMasked`: pixels around the masked part that are sampled with it, 0…256; 32 unless told. */
  padding?: InputMaybe<Scalars['Int']['input']>;
};

export type InstanceCounts = {
  __typename?: 'InstanceCounts';
  booting: Scalars['Int']['output'];
  busy: Scalars['Int']['output'];
  /** As many as there should be. */
  desired: Scalars['Int']['output'];
  draining: Scalars['Int']['output'];
  max: Scalars['Int']['output'];
  min: Scalars['Int']['output'];
  ready: Scalars['Int']['output'];
};

/** Something that can be named in a request. */
export type Model = {
  __typename?: 'Model';
  kind: ModelKind;
  name: Scalars['String']['output'];
  /** How many workers have it. */
  workers: Scalars['Int']['output'];
};

export type ModelKind =
  | 'CHECKPOINT'
  /** Named in a prompt: `<lora:name:0.8>`. */
  | 'LORA'
  | 'SAMPLER'
  | 'SCHEDULER'
  | 'UPSCALER'
  | 'VAE';

export type Mutation = {
  __typename?: 'Mutation';
  /**
   * Cancels a task of the caller's: at once while it is queued, by way of CANCELING while it runs. A task that has ended
   * is returned as it is.
   */
  cancelTask: Task;
  /**
   * Leave to upload one image, of exactly that type and size, with a form that is POSTed to `url`: each of `fields`, then the
   * bytes as `file`. What was uploaded may be named in inputs for a day.
   */
  createUpload: Upload;
  /** Internal: what a worker is doing and what it has, told when that changes and once a minute. */
  reportWorker: Maybe<Worker>;
  /**
   * Submits the request of a task of the caller's that has ended once more, as a new task with `retryOf`. Repeating it with the
   * same `newId` is safe.
   */
  retryTask: Task;
  /**
   * Accepts a task and returns it at once, QUEUED. Repeating it with the same `id` and the same input returns the task
   * that exists already; with another input it is refused with CONFLICT. An input that can't be carried out is refused
   * with VALIDATION, `errorInfo.field` naming what is wrong; one more task than an owner may have under way, with
   * QUOTA_EXCEEDED.
   */
  submitTask: Task;
  /**
   * Internal: one event in a task's life, told by a worker, the handler or the reconciler. What it returns is pushed to
   * the task's subscribers, so callers select every field of Task.
   */
  updateTask: Maybe<Task>;
};


export type MutationCancelTaskArgs = {
  id: Scalars['ID']['input'];
};


export type MutationCreateUploadArgs = {
  input: CreateUploadInput;
};


export type MutationReportWorkerArgs = {
  input: ReportWorkerInput;
};


export type MutationRetryTaskArgs = {
  id: Scalars['ID']['input'];
  newId?: InputMaybe<Scalars['ID']['input']>;
};


export type MutationSubmitTaskArgs = {
  input: SubmitTaskInput;
};


export type MutationUpdateTaskArgs = {
  input: UpdateTaskInput;
};

export type Query = {
  __typename?: 'Query';
  /** Why a fleet has the capacity that it has, newest first: every decision that said something new, for thirty days. */
  fleetDecisions: FleetDecisionPage;
  /**
   * What the workers that are up have installed, by kind and name. Empty while there is none: names are then accepted
   * unchecked.
   */
  models: Array<Model>;
  /**
   * How busy a pool is, as of the last look at it, which is a minute old at most while all is well: see `asOf`. Null before the
   * first look, and for a pool that there is not.
   */
  queue: Maybe<Queue>;
  /** One task of the caller's, or null: a task of somebody else's and one that does not exist look the same. */
  task: Maybe<Task>;
  /** The caller's tasks, newest first. */
  tasks: TaskPage;
};


export type QueryFleetDecisionsArgs = {
  limit?: InputMaybe<Scalars['Int']['input']>;
  nextToken?: InputMaybe<Scalars['String']['input']>;
  pool?: InputMaybe<Scalars['ID']['input']>;
};


export type QueryQueueArgs = {
  pool?: InputMaybe<Scalars['ID']['input']>;
};


export type QueryTaskArgs = {
  id: Scalars['ID']['input'];
};


export type QueryTasksArgs = {
  limit?: InputMaybe<Scalars['Int']['input']>;
  nextToken?: InputMaybe<Scalars['String']['input']>;
  status?: InputMaybe<TaskStatus>;
};

/** A queue and the instances that take from it. */
export type Queue = {
  __typename?: 'Queue';
  /** Seconds since `asOf`. */
  ageSeconds: Scalars['Float']['output'];
  /** When it was looked at. */
  asOf: Scalars['AWSDateTime']['output'];
  /** Seconds that one GPU needs for all of them, for those that run what is left. */
  gpuSeconds: Scalars['Float']['output'];
  /** How long the last instance stays when there is nothing to do, in seconds. Null: as its worker thinks best. */
  idleSeconds: Maybe<Scalars['Float']['output']>;
  instances: InstanceCounts;
  members: Array<FleetMember>;
  /** In how many seconds after `asOf` a task should start that is submitted now. Null where nobody will come, as things are. */
  newTaskStartsInSeconds: Maybe<Scalars['Float']['output']>;
  /** How long the oldest of those that wait has waited, by now. Null while nobody waits. */
  oldestSeconds: Maybe<Scalars['Float']['output']>;
  pool: Scalars['ID']['output'];
  /** Tasks that wait for a worker. */
  queued: Scalars['Int']['output'];
  /** Of those that run: their worker is lost, so they will wait again. */
  returning: Scalars['Int']['output'];
  /** Tasks that a worker has. */
  running: Scalars['Int']['output'];
  /** The wait that capacity is raised to keep, in seconds. */
  targetWaitSeconds: Scalars['Float']['output'];
};

export type ReportWorkerInput = {
  /** From the launch of its instance to ready. */
  bootSeconds?: InputMaybe<Scalars['Float']['input']>;
  /** Left out while unknown. */
  catalogue?: InputMaybe<CatalogueInput>;
  id: Scalars['ID']['input'];
  instanceType?: InputMaybe<Scalars['String']['input']>;
  /** Measured: steps of one megapixel in a second. */
  megapixelStepsPerSecond?: InputMaybe<Scalars['Float']['input']>;
  /** The pool that it takes from; `default` unless told. */
  pool?: InputMaybe<Scalars['ID']['input']>;
  /** Why, where the state is not READY or BUSY. */
  reason?: InputMaybe<Scalars['String']['input']>;
  state: WorkerState;
};

export type ResizeMode =
  | 'CROP_AND_RESIZE'
  | 'JUST_RESIZE'
  | 'RESIZE_AND_FILL';

/** Exactly one of `txt2img`, `img2img`, `upscale`, or `api` together with `payload`. */
export type SubmitTaskInput = {
  /** An endpoint of the WebUI's own API: /sdapi/v1/txt2img, /sdapi/v1/img2img or /sdapi/v1/extra-single-image. */
  api?: InputMaybe<Scalars['String']['input']>;
  /** Write Stable Diffusion's parameters text into the image file. Off unless told: it holds the prompt. */
  embedMetadata?: InputMaybe<Scalars['Boolean']['input']>;
  /** Seconds within which it must end, 1…86400; 12 hours unless told. Then it ends as FAILED with DEADLINE_EXCEEDED. */
  finishWithinSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** A UUID of the client's choice, which makes repeating the submit safe. One is made if none is given. */
  id?: InputMaybe<Scalars['ID']['input']>;
  img2img?: InputMaybe<Img2ImgInput>;
  /** The request body that the WebUI's API takes there. Checked like every other input; an unknown parameter is refused. */
  payload?: InputMaybe<Scalars['AWSJSON']['input']>;
  /** Seconds it may wait for a worker, 1…86400; 6 hours unless told. Then it ends as EXPIRED. */
  startWithinSeconds?: InputMaybe<Scalars['Int']['input']>;
  txt2img?: InputMaybe<Txt2ImgInput>;
  upscale?: InputMaybe<UpscaleInput>;
};

export type Subscription = {
  __typename?: 'Subscription';
  /**
   * Whole snapshots of one task of the caller's, or of all of them where no `id` is given. Snapshots can be lost while a
   * client reconnects and can arrive out of order: keep the highest `version`, and ask `task` after every reconnect.
   */
  onTaskUpdated: Maybe<Task>;
};


export type SubscriptionOnTaskUpdatedArgs = {
  id?: InputMaybe<Scalars['ID']['input']>;
};

/** Something a user asked for: one to four images. */
export type Task = {
  __typename?: 'Task';
  /** How often a worker has taken the task. */
  attempt: Scalars['Int']['output'];
  createdAt: Scalars['AWSDateTime']['output'];
  /** If it has not ended by then, it ends as FAILED. */
  deadlineAt: Scalars['AWSDateTime']['output'];
  /** Once it has FAILED or EXPIRED, and only then. */
  error: Maybe<TaskFailure>;
  /** While it is QUEUED, if anything can be said: from the last look at the fleet. */
  estimate: Maybe<TaskEstimate>;
  /** How many of those attempts ended badly. */
  failures: Scalars['Int']['output'];
  finishedAt: Maybe<Scalars['AWSDateTime']['output']>;
  id: Scalars['ID']['output'];
  /** Once it has SUCCEEDED, and only then. */
  images: Maybe<Array<Image>>;
  /** Milliseconds that the WebUI worked, in the attempt that succeeded. */
  inferenceMs: Maybe<Scalars['Int']['output']>;
  /** True once the task has ended, however it ended. Ask this instead of listing states: new ones may come. */
  isTerminal: Scalars['Boolean']['output'];
  kind: TaskKind;
  /** `user:<sub>` (user pool), `iam:<role or user name>` or `key:default` (all holders of an API key). */
  owner: Scalars['String']['output'];
  /** While it runs, and only then. */
  progress: Maybe<TaskProgress>;
  /** Internal: what the worker is to do, as JSON: `{inline}` or `{key}` of an object in the requests bucket. */
  request: Maybe<Scalars['AWSJSON']['output']>;
  /** The task that this one is another try of. */
  retryOf: Maybe<Scalars['ID']['output']>;
  /** If no worker has taken it by then, it ends as EXPIRED. */
  startBy: Scalars['AWSDateTime']['output'];
  /** When a worker first took it. */
  startedAt: Maybe<Scalars['AWSDateTime']['output']>;
  status: TaskStatus;
  /** Milliseconds that storing the images took. */
  storeMs: Maybe<Scalars['Int']['output']>;
  updatedAt: Scalars['AWSDateTime']['output'];
  /** Grows with every change. Of two snapshots the one with the higher version is the newer. */
  version: Scalars['Int']['output'];
};

/** Estimates: others may be canceled, come first or take longer, and SQS promises no order. */
export type TaskEstimate = {
  __typename?: 'TaskEstimate';
  /** When its images should be stored. */
  eta: Maybe<Scalars['AWSDateTime']['output']>;
  /** 1: the next one. */
  queuePosition: Scalars['Int']['output'];
  /** When a worker should take it. Null where nobody will come, as things are. */
  startsAt: Maybe<Scalars['AWSDateTime']['output']>;
};

/** The events of contract/transitions.ts. */
export type TaskEvent =
  | 'beat'
  | 'cancelLost'
  | 'cancelQueued'
  | 'cancelRunning'
  | 'canceled'
  | 'claim'
  | 'dead'
  | 'deadline'
  | 'dispatched'
  | 'expire'
  | 'fail'
  | 'giveUp'
  | 'release'
  | 'requeue'
  | 'retry'
  | 'succeed'
  | 'takeover';

export type TaskFailure = {
  __typename?: 'TaskFailure';
  /** E.g. OUT_OF_MEMORY. docs/protocol.md lists them. */
  code: Scalars['String']['output'];
  message: Scalars['String']['output'];
  /** Whether the same task, submitted anew, could end well. */
  retryable: Scalars['Boolean']['output'];
};

export type TaskFailureInput = {
  code: Scalars['String']['input'];
  message: Scalars['String']['input'];
  retryable: Scalars['Boolean']['input'];
};

export type TaskKind =
  | 'IMG2IMG'
  | 'TXT2IMG'
  | 'UPSCALE';

export type TaskPage = {
  __typename?: 'TaskPage';
  items: Array<Task>;
  /** Null on the last page. */
  nextToken: Maybe<Scalars['String']['output']>;
};

export type TaskProgress = {
  __typename?: 'TaskProgress';
  /** Seconds left, as the WebUI estimates them. */
  etaSeconds: Maybe<Scalars['Float']['output']>;
  /** 0…1. */
  fraction: Scalars['Float']['output'];
  /** A rough early version of the picture. */
  previewUrl: Maybe<Scalars['AWSURL']['output']>;
  step: Scalars['Int']['output'];
  steps: Scalars['Int']['output'];
};

export type TaskProgressInput = {
  etaSeconds?: InputMaybe<Scalars['Float']['input']>;
  fraction: Scalars['Float']['input'];
  previewKey?: InputMaybe<Scalars['String']['input']>;
  step: Scalars['Int']['input'];
  steps: Scalars['Int']['input'];
};

export type TaskStatus =
  | 'CANCELED'
  /** It was canceled while it ran; the worker is being told. */
  | 'CANCELING'
  /** No worker took it in time. */
  | 'EXPIRED'
  | 'FAILED'
  /** Waits for a worker. */
  | 'QUEUED'
  /** A worker has taken it. */
  | 'RUNNING'
  | 'SUCCEEDED';

export type Txt2ImgInput = {
  /** Images to make, 1…4; 1 unless told. */
  batchSize?: InputMaybe<Scalars['Int']['input']>;
  /** 1…30; 7 unless told. */
  cfgScale?: InputMaybe<Scalars['Float']['input']>;
  /** 1…12. */
  clipSkip?: InputMaybe<Scalars['Int']['input']>;
  height?: InputMaybe<Scalars['Int']['input']>;
  /** A second pass at a higher resolution. */
  hires?: InputMaybe<HiresInput>;
  /** Checkpoint to use; the one that is loaded unless told. */
  model?: InputMaybe<Scalars['String']['input']>;
  negativePrompt?: InputMaybe<Scalars['String']['input']>;
  /** At most 2000 characters. */
  prompt: Scalars['String']['input'];
  /** Name of a sampler; `Euler a` unless told. */
  sampler?: InputMaybe<Scalars['String']['input']>;
  /** Name of a noise schedule; `Automatic` unless told. */
  scheduler?: InputMaybe<Scalars['String']['input']>;
  /** 0…4294967295, or -1 for a random one, which is the default. Image n of a batch gets seed + n. */
  seed?: InputMaybe<Scalars['Float']['input']>;
  /** 1…150; 20 unless told. */
  steps?: InputMaybe<Scalars['Int']['input']>;
  vae?: InputMaybe<Scalars['String']['input']>;
  /** 64…2048, a multiple of 8; 512 unless told. */
  width?: InputMaybe<Scalars['Int']['input']>;
};

export type UpdateTaskInput = {
  /** The attempt that the lease was given for. */
  attempt?: InputMaybe<Scalars['Int']['input']>;
  /** With retry, release and requeue: how long to wait before the next attempt. */
  backOffSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** With dispatched and dead: the message's number. */
  dispatch?: InputMaybe<Scalars['Int']['input']>;
  error?: InputMaybe<TaskFailureInput>;
  event: TaskEvent;
  id: Scalars['ID']['input'];
  images?: InputMaybe<Array<ImageRecordInput>>;
  inferenceMs?: InputMaybe<Scalars['Int']['input']>;
  leaseSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** The lease: made by the worker before it claims, so that a claim whose answer was lost can be repeated. */
  leaseToken?: InputMaybe<Scalars['ID']['input']>;
  /** With cancelQueued and cancelRunning: whose task it must be. */
  owner?: InputMaybe<Scalars['String']['input']>;
  progress?: InputMaybe<TaskProgressInput>;
  /** With dispatched, retry and release: when the reconciler looks whether the message got lost. */
  ringSeconds?: InputMaybe<Scalars['Int']['input']>;
  storeMs?: InputMaybe<Scalars['Int']['input']>;
  workerId?: InputMaybe<Scalars['String']['input']>;
};

export type Upload = {
  __typename?: 'Upload';
  /** When the form stops being accepted. */
  expiresAt: Scalars['AWSDateTime']['output'];
  /** Fields of the form, by name, as JSON. */
  fields: Scalars['AWSJSON']['output'];
  /** Names the upload in `ImageInput`. */
  id: Scalars['ID']['output'];
  url: Scalars['AWSURL']['output'];
};

export type UpscaleInput = {
  image: ImageInput;
  /** 1…4; 2 unless told. */
  scale?: InputMaybe<Scalars['Float']['input']>;
  /** Name of an upscaler; `Lanczos` unless told. */
  upscaler?: InputMaybe<Scalars['String']['input']>;
};

export type Worker = {
  __typename?: 'Worker';
  id: Scalars['ID']['output'];
  state: WorkerState;
};

export type WorkerState =
  | 'BUSY'
  /** Finishes or gives back what it has, then goes. */
  | 'DRAINING'
  | 'READY'
  /** Waits for its WebUI. */
  | 'STARTING'
  /** Its WebUI can't be brought back: it takes nothing. */
  | 'UNHEALTHY';
