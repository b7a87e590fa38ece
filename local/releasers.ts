export interface Releasers {
  readonly add: (release: () => Promise<void> | void) => void;
  /** Runs all of them, last in first out, each whatever became of the others; throws the first error. Once only. */
  readonly releaseAll: () => Promise<void>;
}

export const createReleasers = (): Releasers => {
  const stack: (() => Promise<void> | void)[] = [];
  let released: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (let release = stack.pop(); release; release = stack.pop()) {
      try {
        await release();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  };

  return {
    add: (release) => void stack.push(release),
    releaseAll: () => (released ??= run()),
  };
};
