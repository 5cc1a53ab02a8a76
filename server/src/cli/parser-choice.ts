/** Which parser a command gets: the one that was asked for where it loads. */

import { nativeProblem, type ParserName } from "./engine.ts";
import { complain } from "./terminal.ts";

/** Says it when the native parser was wanted and is not there: nothing else changes. */
export function parserFor(wanted: ParserName): ParserName {
  const problem = wanted === "native" ? nativeProblem() : undefined;
  if (problem === undefined) return wanted;
  complain(`the native parser does not load, so the WebAssembly one is used (${problem})`);
  return "wasm";
}
