/**
 * Which functions of the file a function may come to: those it calls, through macros and inline functions of headers
 * too, and those it hands on as callbacks.
 */

import { type CallGraph, callGraphOf } from "../call-graph.ts";
import { summaryOfCode } from "../code-summary.ts";
import type { FileFacts } from "../file-facts.ts";

export class Reach {
  readonly #facts: FileFacts;
  readonly #graph: CallGraph;
  readonly #mentions = new Map<string, readonly string[]>();
  readonly #reached = new Map<string, ReadonlySet<string>>();

  constructor(facts: FileFacts) {
    this.#facts = facts;
    this.#graph = callGraphOf(facts);
  }

  /** Without the function itself, unless it comes back to itself; in the order in which they are named. */
  of(name: string): ReadonlySet<string> {
    const known = this.#reached.get(name);
    if (known !== undefined) return known;
    const passed = new Set(this.#mentioned(name));
    for (const one of passed) for (const next of this.#mentioned(one)) passed.add(next);
    const reached = new Set([...passed].filter((one) => this.#facts.functions.has(one)));
    this.#reached.set(name, reached);
    return reached;
  }

  /** Functions of headers among them: they may come back to the file. */
  #mentioned(name: string): readonly string[] {
    const known = this.#mentions.get(name);
    if (known !== undefined) return known;
    const callee = this.#graph.find(name);
    const names = callee === undefined ? [] : [...summaryOfCode(callee.fn).names, ...callee.calls];
    const mentioned = [...new Set(names)].filter((one) => this.#graph.find(one) !== undefined);
    this.#mentions.set(name, mentioned);
    return mentioned;
  }
}
