/**
 * A litmus test's own `Result:` comment against the answer. `Always`, `Never` and `Sometimes` are compared, and so
 * are the words `DATARACE` and `Flag NAME`; every other word (`Maybe`, `DEADLOCK`) is not judged.
 */

import type { LitmusOutcome } from "../evidence/litmus.ts";

export type Judgement = { readonly kind: "agrees" } | { readonly kind: "not-judged" } | { readonly kind: "differs"; readonly message: string };

export function judgeResult(outcome: LitmusOutcome): Judgement {
  if (outcome.kind !== "checked" || outcome.head.expected === null) return { kind: "not-judged" };
  const { verdict, head } = outcome;
  const words = (head.expected ?? "").split(/[\s,;]+/).filter((word) => word !== "");
  const observation = words.find((word) => /^(?:Always|Never|Sometimes)$/.test(word));
  const flags = flagsAmong(words);
  if (observation === undefined && flags.length === 0) return { kind: "not-judged" };
  if (observation !== undefined && observation !== verdict.observation) {
    return { kind: "differs", message: `its Result comment says ${observation}, the model says ${verdict.observation}` };
  }
  const missing = flags.find((flag) => !verdict.flags.includes(flag));
  if (missing !== undefined) return { kind: "differs", message: `its Result comment names the flag ${missing}, the model does not raise it` };
  return { kind: "agrees" };
}

function flagsAmong(words: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    if (word === "DATARACE") return ["data-race"];
    const name = words[index + 1];
    return word === "Flag" && name !== undefined ? [name] : [];
  });
}
