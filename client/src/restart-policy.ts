/** What follows when the server ended by itself: it is started again, later each time, and not for ever. */

/** Of the first restart; it doubles with every further one. */
const delayMsMin = 500;

/** So many ends within the window mean that it will not stay up. */
const deathsMax = 5;

const windowMs = 3 * 60_000;

export type AfterDeath =
  | { readonly kind: "restart"; readonly delayMs: number }
  | { readonly kind: "give-up"; readonly deaths: number; readonly minutes: number };

/** `deathTimes` in milliseconds, the one that just happened last. */
export function afterDeath(deathTimes: readonly number[]): AfterDeath {
  const recent = recentDeaths(deathTimes).length;
  if (recent >= deathsMax) return { kind: "give-up", deaths: recent, minutes: windowMs / 60_000 };
  return { kind: "restart", delayMs: delayMsMin * 2 ** Math.max(0, recent - 1) };
}

/** Those that count together with the last one. */
export function recentDeaths(deathTimes: readonly number[]): readonly number[] {
  const last = deathTimes.at(-1) ?? 0;
  return deathTimes.filter((time) => last - time < windowMs);
}
