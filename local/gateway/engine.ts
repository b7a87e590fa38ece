/** A package that plays one or two services, on a socket that only the gateway knows. */
export interface Engine {
  readonly socketPath: string;
  readonly stop: () => Promise<void>;
}
