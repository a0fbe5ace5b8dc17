/** Milliseconds since 1970 as ISO 8601. */
export const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
