/** A driver program that says something impossible: told in words, with the name of what is wrong. */
export class DriverMistake extends Error {
  override readonly name = "DriverMistake";
}

export function demand(condition: unknown, words: string): asserts condition {
  if (!condition) throw new DriverMistake(words);
}
