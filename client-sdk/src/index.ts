export { createClient, type Client, type ClientOptions, type RunOptions } from './client.ts';
export { ApiError, TaskError } from './errors.ts';
export type { SubmitTaskInput, TaskStatus } from './operations.generated.ts';
export type { Task, TaskHandle, WaitOptions } from './task-handle.ts';
export type { Auth, AwsCredentials, Page } from './transport.ts';
