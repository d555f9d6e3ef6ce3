/** The present instant, as ISO 8601 in UTC with milliseconds: the only form of time in events and reports. */
export const utcNow = (): string => new Date().toISOString();

/** Milliseconds since a reading of `performance.now()`, rounded. */
export const since = (start: number): number => Math.round(performance.now() - start);
