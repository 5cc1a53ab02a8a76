/** Cancellation leaves as an error of this name, the one that AbortSignal uses. */

export function cancelled(): Error {
  return Object.assign(new Error("cancelled"), { name: "AbortError" });
}

export function isCancelled(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
