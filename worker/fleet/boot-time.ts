/** Old boots fade: a new image or volume shows within a few. */
const SMOOTHING = 0.3;
/** Nothing of ours is up sooner, and what takes longer than that was no boot but a fault. */
const PLAUSIBLE_SECONDS = { min: 1, max: 3600 } as const;

/** What a boot is expected to take, now that one more was seen, launch to ready. Implausible ones teach nothing. */
export const learnBootSeconds = (
  learned: number | undefined,
  seenSeconds: number | undefined,
): number | undefined => {
  const { min, max } = PLAUSIBLE_SECONDS;
  if (seenSeconds === undefined || !(seenSeconds >= min && seenSeconds <= max)) return learned;
  return learned === undefined ? seenSeconds : learned + SMOOTHING * (seenSeconds - learned);
};
