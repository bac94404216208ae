// Growing numbers are no events: they are asked for, as long as somebody looks.

/**
 * Calls a function over and over, each time after the one before has ended, until the signal. Stops while the tab is
 * hidden. What goes wrong is told; the next call tries again.
 */
export function every(milliseconds, work, signal, failed = () => {}) {
  let timer;
  const wait = typeof milliseconds === 'function' ? milliseconds : () => milliseconds;
  const turn = async () => {
    if (!document.hidden) {
      try {
        await work();
      } catch (cause) {
        if (!signal.aborted) failed(cause);
      }
    }
    if (!signal.aborted) timer = setTimeout(turn, wait());
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  void turn();
}
