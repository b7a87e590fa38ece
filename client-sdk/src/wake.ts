/**
 * Calls back when a page comes back to life: when it is shown again, when the network is back, when it returns from the
 * back-forward cache. Browsers hold timers back meanwhile, and sockets may have died. Nothing elsewhere.
 */
export const onWake = (wake: () => void): (() => void) => {
  if (typeof window === 'undefined' || typeof document === 'undefined') return () => undefined;
  const onVisible = (): void => {
    if (document.visibilityState === 'visible') wake();
  };
  window.addEventListener('online', wake);
  window.addEventListener('pageshow', wake);
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    window.removeEventListener('online', wake);
    window.removeEventListener('pageshow', wake);
    document.removeEventListener('visibilitychange', onVisible);
  };
};
