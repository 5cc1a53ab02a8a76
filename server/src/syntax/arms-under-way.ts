import { assert } from "../base/assert.ts";
import type { BuildArm, BuildCondition, Stmt } from "./c-syntax.ts";
import type { Note } from "./notes.ts";

type OpenArm = { readonly condition: BuildCondition | undefined; readonly body: Stmt[] };

/** Statements as they come, put into the arms of the `#if` groups that are open. A mark without its partners is passed over. */
export class ArmsUnderWay {
  readonly #items: Stmt[] = [];
  readonly #open: { readonly start: number; readonly arms: OpenArm[] }[] = [];

  add(stmt: Stmt): void {
    (this.#open.at(-1)?.arms.at(-1)?.body ?? this.#items).push(stmt);
  }

  mark({ name, start, end, condition }: Note): void {
    const arm = { condition, body: [] };
    if (name === "first") this.#open.push({ start, arms: [arm] });
    else if (name === "next") this.#open.at(-1)?.arms.push(arm);
    else if (this.#open.length > 0) this.#close(end);
  }

  end(): readonly Stmt[] {
    while (this.#open.length > 0) this.#close(this.#open.at(-1)!.arms.at(-1)?.body.at(-1)?.end ?? this.#open.at(-1)!.start);
    return this.#items;
  }

  #close(end: number): void {
    const group = this.#open.pop();
    assert(group !== undefined, "a group is open");
    const arms = group.arms.map(({ condition, body }): BuildArm => (condition === undefined ? { body } : { condition, body }));
    this.add({ kind: "arms", start: group.start, end, arms });
  }
}
