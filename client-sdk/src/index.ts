export type { Auth, AwsCredentials, TokenOptions } from './auth.ts';
export {
  createClient,
  type Client,
  type ClientOptions,
  type SubmitOptions,
  type TaskOptions,
  type TasksOptions,
} from './client.ts';
export {
  ApiError,
  ClosedError,
  NetworkError,
  RunTimeoutError,
  TaskCanceledError,
  TaskError,
  TaskExpiredError,
  TaskFailedError,
  UnauthorizedError,
  ValidationError,
} from './errors.ts';
export type { ImageSource } from './image-source.ts';
export type { SubmitTaskInput, TaskKind, TaskStatus, Txt2ImgInput } from './operations.generated.ts';
export type { RunOptions } from './run.ts';
export type { FinishedTask, Image, Task } from './task.ts';
export type { TaskHandle, WaitOptions } from './task-handle.ts';
export type { Model, Page, Queue } from './transport.ts';
export type {
  Img2ImgTaskInput,
  TaskInput,
  UploadOptions,
  UploadProgress,
  UpscaleTaskInput,
} from './uploads.ts';
