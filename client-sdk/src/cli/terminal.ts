/** What a command reads and writes. Results go to `out`, all else to `say`. */
export interface Terminal {
  /** A line of standard output. */
  readonly out: (line: string) => void;
  /** A line of standard error. */
  readonly say: (line: string) => void;
  /** Standard error is a terminal that can draw. */
  readonly isInteractive: boolean;
  readonly readInput: () => Promise<string>;
  /** Has Ctrl-C call this instead of ending the process. A second one ends it at once. Returns what undoes it. */
  readonly onInterrupt: (listener: () => void) => () => void;
}
