/** The words of the lowered program that hardware reads and writes. */

/** What a command slot holds after the command was written, and what it held before: an older, completed command. */
export const commandValue = 1;
export const staleCommand = 3;

export const slotWord = (queue: string, slot: number): string => `v_${queue}_${String(slot)}`;
export const tailWord = (queue: string): string => `v_${queue}_tail`;
/** A command that runs beside its queue has run. */
export const finishedWord = (queue: string, slot: number): string => `${slotWord(queue, slot)}_finished`;
export const doneWord = (queue: string): string => `v_${queue}_done`;

/** The uses of a cache's entries are read-side sections of this SRCU domain. */
export const cacheDomain = (cache: string): string => `v_cache_${cache}`;
/** Data accesses that still use a translation after its entry is gone. */
export const inFlightDomain = (cache: string): string => `v_inflight_${cache}`;
