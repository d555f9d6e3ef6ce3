import { type Deadline, interrupted, timedOut } from '../../core/deadline.ts';

/** The value, unless time is up or the caller cancels before it is there. */
export function inTime<T>(value: Promise<T>, deadline: Deadline, lastSeen: string): Promise<T> {
  const signal = deadline.signal();
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(
        deadline.aborted ? interrupted(deadline.what) : timedOut(deadline.what, deadline.budgetMs, lastSeen),
      );
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
