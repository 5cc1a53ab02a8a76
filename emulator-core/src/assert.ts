/** Our own bug, in words. Repeated here on purpose: the library stands alone. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new Error(`emulator-core: ${invariant}`);
}

/** Closes an exhaustive switch: adding a variant makes the compiler list every place that must answer. */
export function unreachable(value: never): never {
  throw new Error(`emulator-core: unexpected variant ${JSON.stringify(value)}`);
}
