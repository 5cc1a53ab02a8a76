/** Which arrows a replay has: only those that its sentences name, so the picture never says more than the text. */

import type { Run } from "../../server/src/protocol/index.ts";

export type Edge = {
  /** rf: from the write to the read of its value; fr: from a read to the write that came too late for it. */
  readonly kind: "rf" | "fr";
  /** Indices into `Run.steps`. */
  readonly from: number;
  readonly to: number;
};

const readsWhat = /^\[(\d+)\] reads what \[(\d+)\] wrote\.$/;
const readsBefore = /^\[(\d+)\] reads the value from before \[(\d+)\]\.$/;

/** Empty for a sentence of any other shape, or when a number is not that of exactly one step. */
export function edgesOf(run: Run): readonly Edge[] {
  const at = (index: string | undefined): number | undefined => {
    const found = run.steps.flatMap((step, position) => (String(step.index) === index ? [position] : []));
    return found.length === 1 ? found[0] : undefined;
  };
  return run.why.flatMap((sentence): readonly Edge[] => {
    const written = readsWhat.exec(sentence);
    const earlier = readsBefore.exec(sentence);
    const read = at((written ?? earlier)?.[1]);
    const write = at((written ?? earlier)?.[2]);
    if (read === undefined || write === undefined || read === write) return [];
    return [written === null ? { kind: "fr", from: read, to: write } : { kind: "rf", from: write, to: read }];
  });
}
