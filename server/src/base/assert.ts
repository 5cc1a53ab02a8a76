/** Our own bug, in words; it throws in release too, and the request that met it answers with the words. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new Error(`quiesce: ${invariant}`);
}

/** Closes an exhaustive switch: adding a variant makes the compiler list every place that must answer. */
export function unreachable(value: never): never {
  throw new Error(`quiesce: unexpected variant ${JSON.stringify(value)}`);
}
