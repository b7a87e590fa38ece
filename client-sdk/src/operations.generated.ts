/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type CreateUploadInput = {
  /** 1…10000000. */
  bytes: number;
  /** image/png, image/jpeg or image/webp. */
  contentType: string;
};

export type HiresInput = {
  /** 0…1; 0.7 unless told. */
  denoisingStrength?: number | null | undefined;
  /** 1…4; 2 unless told. */
  scale?: number | null | undefined;
  /** Steps of the second pass; 0, the default, means as many as in the first. */
  steps?: number | null | undefined;
  /** `Latent` unless told. */
  upscaler?: string | null | undefined;
};

/** Exactly one of both. */
export type ImageInput = {
  /** Base64 of a PNG, JPEG or WebP, or a data URL. At most about 3 MB of image. */
  data?: string | null | undefined;
  /** What createUpload was answered with. The upload must have been done. */
  uploadId?: string | null | undefined;
};

export type Img2ImgInput = {
  batchSize?: number | null | undefined;
  cfgScale?: number | null | undefined;
  clipSkip?: number | null | undefined;
  /** 0…1, how far the result may leave the image; 0.75 unless told. */
  denoisingStrength?: number | null | undefined;
  height?: number | null | undefined;
  image: ImageInput;
  /** How the mask is used; refused without one. */
  inpaint?: InpaintInput | null | undefined;
  /** White is painted anew, black is kept. */
  mask?: ImageInput | null | undefined;
  model?: string | null | undefined;
  negativePrompt?: string | null | undefined;
  prompt: string;
  resizeMode?: ResizeMode | null | undefined;
  sampler?: string | null | undefined;
  scheduler?: string | null | undefined;
  seed?: number | null | undefined;
  steps?: number | null | undefined;
  vae?: string | null | undefined;
  width?: number | null | undefined;
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
  fill?: InpaintFill | null | undefined;
  /** Pixels by which the edge of the mask is softened, 0…64; 4 unless told. */
  maskBlur?: number | null | undefined;
  /** Paint anew what is black and keep what is white. False unless told. */
  maskInvert?: boolean | null | undefined;
  /**
   * Sample the masked part alone, at width × height, and put it back into the image: the result then has the image's own size. A mask
   * without any white is then ignored. False unless told: the whole picture is sampled. Image and mask must be of one size
   * then, of at most 4194304 pixels: the worker refuses others with INVALID_REQUEST.
   */
  onlyMasked?: boolean | null | undefined;
  /** With `onlyMasked`: pixels around the masked part that are sampled with it, 0…256; 32 unless told. */
  padding?: number | null | undefined;
};

export type ModelKind =
  | 'CHECKPOINT'
  /** Named in a prompt: `<lora:name:0.8>`. */
  | 'LORA'
  | 'SAMPLER'
  | 'SCHEDULER'
  | 'UPSCALER'
  | 'VAE';

export type ResizeMode =
  | 'CROP_AND_RESIZE'
  | 'JUST_RESIZE'
  | 'RESIZE_AND_FILL';

/** Exactly one of `txt2img`, `img2img`, `upscale`, or `api` together with `payload`. */
export type SubmitTaskInput = {
  /** An endpoint of the WebUI's own API: /sdapi/v1/txt2img, /sdapi/v1/img2img or /sdapi/v1/extra-single-image. */
  api?: string | null | undefined;
  /** Write Stable Diffusion's parameters text into the image file. Off unless told: it holds the prompt. */
  embedMetadata?: boolean | null | undefined;
  /** Seconds within which it must end, 1…86400; 12 hours unless told. Then it ends as FAILED with DEADLINE_EXCEEDED. */
  finishWithinSeconds?: number | null | undefined;
  /** A UUID of the client's choice, which makes repeating the submit safe. One is made if none is given. */
  id?: string | null | undefined;
  img2img?: Img2ImgInput | null | undefined;
  /** The request body that the WebUI's API takes there. Checked like every other input; an unknown parameter is refused. */
  payload?: string | null | undefined;
  /** Seconds it may wait for a worker, 1…86400; 6 hours unless told. Then it ends as EXPIRED. */
  startWithinSeconds?: number | null | undefined;
  txt2img?: Txt2ImgInput | null | undefined;
  upscale?: UpscaleInput | null | undefined;
};

export type TaskKind =
  | 'IMG2IMG'
  | 'TXT2IMG'
  | 'UPSCALE';

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
  batchSize?: number | null | undefined;
  /** 1…30; 7 unless told. */
  cfgScale?: number | null | undefined;
  /** 1…12. */
  clipSkip?: number | null | undefined;
  height?: number | null | undefined;
  /** A second pass at a higher resolution. */
  hires?: HiresInput | null | undefined;
  /** Checkpoint to use; the one that is loaded unless told. */
  model?: string | null | undefined;
  negativePrompt?: string | null | undefined;
  /** At most 2000 characters. */
  prompt: string;
  /** Name of a sampler; `Euler a` unless told. */
  sampler?: string | null | undefined;
  /** Name of a noise schedule; `Automatic` unless told. */
  scheduler?: string | null | undefined;
  /** 0…4294967295, or -1 for a random one, which is the default. Image n of a batch gets seed + n. */
  seed?: number | null | undefined;
  /** 1…150; 20 unless told. */
  steps?: number | null | undefined;
  vae?: string | null | undefined;
  /** 64…2048, a multiple of 8; 512 unless told. */
  width?: number | null | undefined;
};

export type UpscaleInput = {
  image: ImageInput;
  /** 1…4; 2 unless told. */
  scale?: number | null | undefined;
  /** Name of an upscaler; `Lanczos` unless told. */
  upscaler?: string | null | undefined;
};

export type TaskFieldsFragment = { id: string, owner: string, retryOf: string | null, kind: TaskKind, status: TaskStatus, isTerminal: boolean, version: number, attempt: number, failures: number, createdAt: string, updatedAt: string, startedAt: string | null, finishedAt: string | null, startBy: string, deadlineAt: string, inferenceMs: number | null, storeMs: number | null, progress: { fraction: number, step: number, steps: number, etaSeconds: number | null, previewUrl: string | null } | null, estimate: { queuePosition: number, startsAt: string | null, eta: string | null } | null, images: Array<{ url: string | null, contentType: string, width: number, height: number, bytes: number, sha256: string, seed: number | null, infotext: string | null }> | null, error: { code: string, message: string, retryable: boolean } | null };

export type SubmitTaskMutationVariables = Exact<{
  input: SubmitTaskInput;
}>;


export type SubmitTaskMutation = { submitTask: { id: string, owner: string, retryOf: string | null, kind: TaskKind, status: TaskStatus, isTerminal: boolean, version: number, attempt: number, failures: number, createdAt: string, updatedAt: string, startedAt: string | null, finishedAt: string | null, startBy: string, deadlineAt: string, inferenceMs: number | null, storeMs: number | null, progress: { fraction: number, step: number, steps: number, etaSeconds: number | null, previewUrl: string | null } | null, estimate: { queuePosition: number, startsAt: string | null, eta: string | null } | null, images: Array<{ url: string | null, contentType: string, width: number, height: number, bytes: number, sha256: string, seed: number | null, infotext: string | null }> | null, error: { code: string, message: string, retryable: boolean } | null } };

export type CancelTaskMutationVariables = Exact<{
  id: string;
}>;


export type CancelTaskMutation = { cancelTask: { id: string, owner: string, retryOf: string | null, kind: TaskKind, status: TaskStatus, isTerminal: boolean, version: number, attempt: number, failures: number, createdAt: string, updatedAt: string, startedAt: string | null, finishedAt: string | null, startBy: string, deadlineAt: string, inferenceMs: number | null, storeMs: number | null, progress: { fraction: number, step: number, steps: number, etaSeconds: number | null, previewUrl: string | null } | null, estimate: { queuePosition: number, startsAt: string | null, eta: string | null } | null, images: Array<{ url: string | null, contentType: string, width: number, height: number, bytes: number, sha256: string, seed: number | null, infotext: string | null }> | null, error: { code: string, message: string, retryable: boolean } | null } };

export type RetryTaskMutationVariables = Exact<{
  id: string;
  newId?: string | null | undefined;
}>;


export type RetryTaskMutation = { retryTask: { id: string, owner: string, retryOf: string | null, kind: TaskKind, status: TaskStatus, isTerminal: boolean, version: number, attempt: number, failures: number, createdAt: string, updatedAt: string, startedAt: string | null, finishedAt: string | null, startBy: string, deadlineAt: string, inferenceMs: number | null, storeMs: number | null, progress: { fraction: number, step: number, steps: number, etaSeconds: number | null, previewUrl: string | null } | null, estimate: { queuePosition: number, startsAt: string | null, eta: string | null } | null, images: Array<{ url: string | null, contentType: string, width: number, height: number, bytes: number, sha256: string, seed: number | null, infotext: string | null }> | null, error: { code: string, message: string, retryable: boolean } | null } };

export type CreateUploadMutationVariables = Exact<{
  input: CreateUploadInput;
}>;


export type CreateUploadMutation = { createUpload: { id: string, url: string, fields: string, expiresAt: string } };

export type GetTaskQueryVariables = Exact<{
  id: string;
}>;


export type GetTaskQuery = { task: { id: string, owner: string, retryOf: string | null, kind: TaskKind, status: TaskStatus, isTerminal: boolean, version: number, attempt: number, failures: number, createdAt: string, updatedAt: string, startedAt: string | null, finishedAt: string | null, startBy: string, deadlineAt: string, inferenceMs: number | null, storeMs: number | null, progress: { fraction: number, step: number, steps: number, etaSeconds: number | null, previewUrl: string | null } | null, estimate: { queuePosition: number, startsAt: string | null, eta: string | null } | null, images: Array<{ url: string | null, contentType: string, width: number, height: number, bytes: number, sha256: string, seed: number | null, infotext: string | null }> | null, error: { code: string, message: string, retryable: boolean } | null } | null };

export type ListTasksQueryVariables = Exact<{
  status?: TaskStatus | null | undefined;
  limit?: number | null | undefined;
  nextToken?: string | null | undefined;
}>;


export type ListTasksQuery = { tasks: { nextToken: string | null, items: Array<{ id: string, owner: string, retryOf: string | null, kind: TaskKind, status: TaskStatus, isTerminal: boolean, version: number, attempt: number, failures: number, createdAt: string, updatedAt: string, startedAt: string | null, finishedAt: string | null, startBy: string, deadlineAt: string, inferenceMs: number | null, storeMs: number | null, progress: { fraction: number, step: number, steps: number, etaSeconds: number | null, previewUrl: string | null } | null, estimate: { queuePosition: number, startsAt: string | null, eta: string | null } | null, images: Array<{ url: string | null, contentType: string, width: number, height: number, bytes: number, sha256: string, seed: number | null, infotext: string | null }> | null, error: { code: string, message: string, retryable: boolean } | null }> } };

export type ListModelsQueryVariables = Exact<{ [key: string]: never; }>;


export type ListModelsQuery = { models: Array<{ kind: ModelKind, name: string, workers: number }> };

export type GetQueueQueryVariables = Exact<{
  pool?: string | null | undefined;
}>;


export type GetQueueQuery = { queue: { pool: string, asOf: string, ageSeconds: number, queued: number, running: number, oldestSeconds: number | null, gpuSeconds: number, newTaskStartsInSeconds: number | null, targetWaitSeconds: number, instances: { desired: number, min: number, max: number, booting: number, ready: number, busy: number, draining: number } } | null };

export type OnTaskUpdatedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type OnTaskUpdatedSubscription = { onTaskUpdated: { id: string, owner: string, retryOf: string | null, kind: TaskKind, status: TaskStatus, isTerminal: boolean, version: number, attempt: number, failures: number, createdAt: string, updatedAt: string, startedAt: string | null, finishedAt: string | null, startBy: string, deadlineAt: string, inferenceMs: number | null, storeMs: number | null, progress: { fraction: number, step: number, steps: number, etaSeconds: number | null, previewUrl: string | null } | null, estimate: { queuePosition: number, startsAt: string | null, eta: string | null } | null, images: Array<{ url: string | null, contentType: string, width: number, height: number, bytes: number, sha256: string, seed: number | null, infotext: string | null }> | null, error: { code: string, message: string, retryable: boolean } | null } | null };

type GeneratedQuery<V, R> = string & { __generatedQueryInput: V; __generatedQueryOutput: R };

type GeneratedMutation<V, R> = string & { __generatedMutationInput: V; __generatedMutationOutput: R };

type GeneratedSubscription<V, R> = string & { __generatedSubscriptionInput: V; __generatedSubscriptionOutput: R };

export const SubmitTask = /* GraphQL */ `
mutation SubmitTask($input: SubmitTaskInput!) {
  submitTask(input: $input) {
    ...TaskFields
  }
}

fragment TaskFields on Task {
  id
  owner
  retryOf
  kind
  status
  isTerminal
  version
  attempt
  failures
  createdAt
  updatedAt
  startedAt
  finishedAt
  startBy
  deadlineAt
  progress {
    fraction
    step
    steps
    etaSeconds
    previewUrl
  }
  estimate {
    queuePosition
    startsAt
    eta
  }
  images {
    url
    contentType
    width
    height
    bytes
    sha256
    seed
    infotext
  }
  error {
    code
    message
    retryable
  }
  inferenceMs
  storeMs
}
` as GeneratedMutation<SubmitTaskMutationVariables, SubmitTaskMutation>;

export const CancelTask = /* GraphQL */ `
mutation CancelTask($id: ID!) {
  cancelTask(id: $id) {
    ...TaskFields
  }
}

fragment TaskFields on Task {
  id
  owner
  retryOf
  kind
  status
  isTerminal
  version
  attempt
  failures
  createdAt
  updatedAt
  startedAt
  finishedAt
  startBy
  deadlineAt
  progress {
    fraction
    step
    steps
    etaSeconds
    previewUrl
  }
  estimate {
    queuePosition
    startsAt
    eta
  }
  images {
    url
    contentType
    width
    height
    bytes
    sha256
    seed
    infotext
  }
  error {
    code
    message
    retryable
  }
  inferenceMs
  storeMs
}
` as GeneratedMutation<CancelTaskMutationVariables, CancelTaskMutation>;

export const RetryTask = /* GraphQL */ `
mutation RetryTask($id: ID!, $newId: ID) {
  retryTask(id: $id, newId: $newId) {
    ...TaskFields
  }
}

fragment TaskFields on Task {
  id
  owner
  retryOf
  kind
  status
  isTerminal
  version
  attempt
  failures
  createdAt
  updatedAt
  startedAt
  finishedAt
  startBy
  deadlineAt
  progress {
    fraction
    step
    steps
    etaSeconds
    previewUrl
  }
  estimate {
    queuePosition
    startsAt
    eta
  }
  images {
    url
    contentType
    width
    height
    bytes
    sha256
    seed
    infotext
  }
  error {
    code
    message
    retryable
  }
  inferenceMs
  storeMs
}
` as GeneratedMutation<RetryTaskMutationVariables, RetryTaskMutation>;

export const CreateUpload = /* GraphQL */ `
mutation CreateUpload($input: CreateUploadInput!) {
  createUpload(input: $input) {
    id
    url
    fields
    expiresAt
  }
}
` as GeneratedMutation<CreateUploadMutationVariables, CreateUploadMutation>;

export const GetTask = /* GraphQL */ `
query GetTask($id: ID!) {
  task(id: $id) {
    ...TaskFields
  }
}

fragment TaskFields on Task {
  id
  owner
  retryOf
  kind
  status
  isTerminal
  version
  attempt
  failures
  createdAt
  updatedAt
  startedAt
  finishedAt
  startBy
  deadlineAt
  progress {
    fraction
    step
    steps
    etaSeconds
    previewUrl
  }
  estimate {
    queuePosition
    startsAt
    eta
  }
  images {
    url
    contentType
    width
    height
    bytes
    sha256
    seed
    infotext
  }
  error {
    code
    message
    retryable
  }
  inferenceMs
  storeMs
}
` as GeneratedQuery<GetTaskQueryVariables, GetTaskQuery>;

export const ListTasks = /* GraphQL */ `
query ListTasks($status: TaskStatus, $limit: Int, $nextToken: String) {
  tasks(status: $status, limit: $limit, nextToken: $nextToken) {
    items {
      ...TaskFields
    }
    nextToken
  }
}

fragment TaskFields on Task {
  id
  owner
  retryOf
  kind
  status
  isTerminal
  version
  attempt
  failures
  createdAt
  updatedAt
  startedAt
  finishedAt
  startBy
  deadlineAt
  progress {
    fraction
    step
    steps
    etaSeconds
    previewUrl
  }
  estimate {
    queuePosition
    startsAt
    eta
  }
  images {
    url
    contentType
    width
    height
    bytes
    sha256
    seed
    infotext
  }
  error {
    code
    message
    retryable
  }
  inferenceMs
  storeMs
}
` as GeneratedQuery<ListTasksQueryVariables, ListTasksQuery>;

export const ListModels = /* GraphQL */ `
query ListModels {
  models {
    kind
    name
    workers
  }
}
` as GeneratedQuery<ListModelsQueryVariables, ListModelsQuery>;

export const GetQueue = /* GraphQL */ `
query GetQueue($pool: ID) {
  queue(pool: $pool) {
    pool
    asOf
    ageSeconds
    queued
    running
    oldestSeconds
    gpuSeconds
    newTaskStartsInSeconds
    targetWaitSeconds
    instances {
      desired
      min
      max
      booting
      ready
      busy
      draining
    }
  }
}
` as GeneratedQuery<GetQueueQueryVariables, GetQueueQuery>;

export const OnTaskUpdated = /* GraphQL */ `
subscription OnTaskUpdated {
  onTaskUpdated {
    ...TaskFields
  }
}

fragment TaskFields on Task {
  id
  owner
  retryOf
  kind
  status
  isTerminal
  version
  attempt
  failures
  createdAt
  updatedAt
  startedAt
  finishedAt
  startBy
  deadlineAt
  progress {
    fraction
    step
    steps
    etaSeconds
    previewUrl
  }
  estimate {
    queuePosition
    startsAt
    eta
  }
  images {
    url
    contentType
    width
    height
    bytes
    sha256
    seed
    infotext
  }
  error {
    code
    message
    retryable
  }
  inferenceMs
  storeMs
}
` as GeneratedSubscription<OnTaskUpdatedSubscriptionVariables, OnTaskUpdatedSubscription>;