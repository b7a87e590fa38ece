export { SdAsyncProvider, useClient, type SdAsyncProviderProps } from './provider.ts';
export { useGenerate, type Generate, type GenerateOptions } from './use-generate.ts';
export { useTask, type TaskState } from './use-task.ts';
export { useTasks, type Tasks, type UseTasksOptions } from './use-tasks.ts';
