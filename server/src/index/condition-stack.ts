/** Which tokens of `#if` arms stay. An arm that was left out is taken back: the count of tokens returns to its start. */

export const directiveKind = { other: 0, if: 1, deadIf: 2, elif: 3, else: 4, endif: 5, deadElif: 6, liveIf: 7 } as const;

type Group = {
  /** Count of tokens and bracket depth where the present arm begins. */
  armStart: number;
  readonly depth: number;
  /** The brackets that the first arm left open; undefined until one was kept. */
  firstNet: number | undefined;
  isDead: boolean;
  /** `#if 1`: no later arm lives. */
  isDecided: boolean;
};

export class ConditionStack {
  readonly #open: Group[] = [];
  count = 0;
  depth = 0;
  /** Tokens before this one are settled: the next one may not be joined to them. */
  floor = 0;

  take(kind: number, count: number, depth: number): void {
    this.count = count;
    this.depth = depth;
    const top = this.#open.at(-1);
    switch (kind) {
      case directiveKind.if:
      case directiveKind.liveIf:
      case directiveKind.deadIf:
        this.#open.push({ armStart: count, depth, firstNet: undefined, isDead: kind === directiveKind.deadIf, isDecided: kind === directiveKind.liveIf });
        break;
      case directiveKind.elif:
      case directiveKind.deadElif:
      case directiveKind.else:
        if (top === undefined) break;
        this.#endArm(top);
        top.armStart = this.count;
        top.isDead = kind === directiveKind.deadElif || (top.isDecided && top.firstNet !== undefined);
        break;
      case directiveKind.endif:
        if (top === undefined) break;
        this.#endArm(top);
        this.#open.pop();
        break;
    }
    this.floor = this.count;
  }

  #endArm(group: Group): void {
    const net = this.depth - group.depth;
    if (group.isDead) this.count = group.armStart;
    else if (group.firstNet === undefined) group.firstNet = net;
    else if (net !== 0 || group.firstNet !== 0) this.count = group.armStart;
    this.depth = group.depth + (group.firstNet ?? 0);
  }
}
