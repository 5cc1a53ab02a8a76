/** Which functions of the file a function may come to: those it calls, and those it hands on as callbacks. */

import { summaryOfCode } from "../code-summary.ts";
import type { FileFacts } from "../file-facts.ts";

export class Reach {
  readonly #functions: FileFacts["functions"];
  readonly #mentions = new Map<string, readonly string[]>();
  readonly #reached = new Map<string, ReadonlySet<string>>();

  constructor({ functions }: FileFacts) {
    this.#functions = functions;
  }

  /** Without the function itself, unless it comes back to itself; in the order in which they are named. */
  of(name: string): ReadonlySet<string> {
    const known = this.#reached.get(name);
    if (known !== undefined) return known;
    const reached = new Set(this.#mentioned(name));
    for (const one of reached) for (const next of this.#mentioned(one)) reached.add(next);
    this.#reached.set(name, reached);
    return reached;
  }

  #mentioned(name: string): readonly string[] {
    const known = this.#mentions.get(name);
    if (known !== undefined) return known;
    const fn = this.#functions.get(name);
    const mentioned = fn === undefined ? [] : summaryOfCode(fn).names.filter((one) => this.#functions.has(one));
    this.#mentions.set(name, mentioned);
    return mentioned;
  }
}
