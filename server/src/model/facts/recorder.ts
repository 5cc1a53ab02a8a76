/** Writes down what the walk tells, each thing once for each context that it was seen in. */

import type { FunctionDef, Stmt } from "../../syntax/c-syntax.ts";
import { walkStmts } from "../ast-walk.ts";
import { isDetail, type DetailKind } from "../detail-events.ts";
import { placeId } from "../places.ts";
import { bounds, type EventKind, type Place, type Sym } from "../trace.ts";
import type { Moment, Note, PathWatcher } from "../watching.ts";

export type Raw = { readonly moment: Moment; readonly what: EventKind | Note };

/** Details that facts speak of. */
const toldDetails: ReadonlySet<DetailKind> = new Set(["allocation", "put", "mmio", "sleep", "exit"]);

/** Things kept for one function; the largest of the kernel have some thousand. */
const rawsMax = 20_000;

export class FactsRecorder implements PathWatcher {
  readonly raws: Raw[] = [];
  readonly visited = new Set<Stmt>();
  /** Names of the function's own locals for a value, in the order they got it. */
  readonly names = new Map<number, { readonly value: Sym; readonly names: string[] }>();
  /** Locals of which it cannot be said what they held where they were read. */
  readonly untold = new Set<string>();
  isFull = false;
  readonly #prefix: string;
  readonly #seen = new Set<string>();

  readonly tellsReturnsApart: boolean;
  readonly pathsMax = bounds.watchedPathsMax;

  constructor(root: FunctionDef) {
    this.#prefix = `${root.name}:`;
    const found = { unwinding: false };
    walkStmts(root.body, (stmt) => { if (stmt.kind === "guard" || (stmt.kind === "declaration" && stmt.declarators.some(({ attributes }) => attributes.some(({ name }) => name === "__free")))) found.unwinding = true; });
    this.tellsReturnsApart = found.unwinding;
  }

  /** What a summary says of all paths or some; whatever else happens is told as it happens. */
  tellsPathsApart(what: EventKind): boolean {
    switch (what.kind) {
      case "free": case "defer-free": case "defer-call": case "wait": return true;
      case "unlock": return what.lock.at === undefined;
      case "reader-leave": return what.section === undefined;
      case "store": return what.rcu || what.place.type.includes("*");
      default: return false;
    }
  }

  onEffect(moment: Moment, what: EventKind | Note): void {
    if (what.kind === "branch" || what.kind === "advance" || what.kind === "touch" || (isDetail(what) && !toldDetails.has(what.kind))) return;
    const key = keyOf(moment, what);
    if (this.#seen.has(key)) return;
    if (this.raws.length >= rawsMax) {
      this.isFull = true;
      return;
    }
    this.#seen.add(key);
    this.raws.push({ moment, what });
  }

  onUntold(key: string): void {
    this.untold.add(key.slice(key.lastIndexOf(":") + 1));
  }

  onStatement(stmt: Stmt): void {
    this.visited.add(stmt);
  }

  onNamed(value: Sym, key: string): void {
    const { kind } = value.origin;
    if (!key.startsWith(this.#prefix) || kind === "null" || kind === "constant" || kind === "function") return;
    const name = key.slice(this.#prefix.length);
    const known = this.names.get(value.id);
    if (known === undefined) this.names.set(value.id, { value, names: [name] });
    else if (!known.names.includes(name)) known.names.push(name);
  }
}

function keyOf({ at, chain, locks, readers }: Moment, what: EventKind | Note): string {
  const parts = Object.values(what).map((part: unknown) => (isSym(part) ? part.id : isPlace(part) ? placeId(part) : typeof part === "string" || typeof part === "number" || typeof part === "boolean" ? part : ""));
  const held = locks.map((lock) => `${lock.key}@${String(lock.at?.start)}`);
  return [at.start, chain.map((site) => site.at.start), parts, held, readers.map((section) => section.at.start)].join("|");
}

const isSym = (part: unknown): part is Sym => typeof part === "object" && part !== null && "origin" in part;
const isPlace = (part: unknown): part is Place => typeof part === "object" && part !== null && "base" in part && "path" in part;
