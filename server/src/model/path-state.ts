/** The state of one path while it is followed. Mutable, cloned at a fork; owned by the path walk alone. */

import type { Expr } from "../syntax/c-syntax.ts";
import type { CallSite, HeldLock, ReaderSection, Sym, TraceEvent } from "./trace.ts";

export type Status =
  | { readonly kind: "normal" }
  | { readonly kind: "break" }
  | { readonly kind: "continue" }
  | { readonly kind: "goto"; readonly label: string }
  | { readonly kind: "return"; readonly value: Sym | undefined }
  /** BUG(): the path ends here and is of no interest. */
  | { readonly kind: "abort" };

export const normal: Status = { kind: "normal" };

type EventCell = { readonly event: TraceEvent; readonly previous: EventCell | undefined };

export class PathState {
  /** Locals, by frame and name. */
  readonly env: Map<string, Sym>;
  /** What this path last read from or wrote to a place. */
  readonly memory: Map<string, Sym>;
  readonly nullness: Map<number, "null" | "set" | "error">;
  /** Conditions already decided on this path, by the ids of their operands. */
  readonly choices: Map<string, boolean>;
  /** Values of the inlined calls of the statement at hand. */
  readonly callResults: Map<Expr, Sym>;
  /** Labels already jumped back to. */
  readonly visitedLabels: Map<string, number>;
  #events: EventCell | undefined;
  locks: readonly HeldLock[] = [];
  readers: readonly ReaderSection[] = [];
  chain: readonly CallSite[] = [];
  fn = "";
  frame = "";
  condition: string | undefined;
  status: Status = normal;
  sectionCount = 0;

  constructor(from?: PathState) {
    this.env = new Map(from?.env);
    this.memory = new Map(from?.memory);
    this.nullness = new Map(from?.nullness);
    this.choices = new Map(from?.choices);
    this.callResults = new Map(from?.callResults);
    this.visitedLabels = new Map(from?.visitedLabels);
    if (from === undefined) return;
    this.#events = from.#events;
    this.locks = from.locks;
    this.readers = from.readers;
    this.chain = from.chain;
    this.fn = from.fn;
    this.frame = from.frame;
    this.condition = from.condition;
    this.status = from.status;
    this.sectionCount = from.sectionCount;
  }

  clone(): PathState {
    return new PathState(this);
  }

  push(event: TraceEvent): void {
    this.#events = { event, previous: this.#events };
  }

  events(): readonly TraceEvent[] {
    const list: TraceEvent[] = [];
    for (let cell = this.#events; cell !== undefined; cell = cell.previous) list.push(cell.event);
    return list.reverse();
  }
}
