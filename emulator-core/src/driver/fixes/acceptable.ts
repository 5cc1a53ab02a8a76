/** What a reviewer would refuse although the hazard is gone: a wait where none may be, or the same hazard of what is freed beside it. */
import { contextsOf } from "../../contexts/contexts.ts";
import type { ContextFinding } from "../../contexts/finding.ts";
import { check, type ModelName } from "../../check.ts";
import { flatten } from "../each-step.ts";
import { unlessMistaken } from "../edit.ts";
import { lowerDriver } from "../lower.ts";
import { bodiesOf } from "../places.ts";
import type { DriverProgram, Hazard } from "../steps.ts";

/** `after`: what contexts forbid in the changed program. A finding is the same if kind and thread are; lines and texts move. */
export function bringsContextFinding(before: DriverProgram, after: readonly ContextFinding[]): boolean {
  if (after.length === 0) return false;
  const key = ({ kind, thread }: ContextFinding): string => `${kind} ${thread}`;
  const counts = new Map<string, number>();
  for (const finding of contextsOf(before).findings) counts.set(key(finding), (counts.get(key(finding)) ?? 0) + 1);
  return after.some((finding) => {
    const left = (counts.get(key(finding)) ?? 0) - 1;
    counts.set(key(finding), left);
    return left < 0;
  });
}

/** Is another object that the same code frees, or leaves to be filled in, used as the first one was? */
export function leavesSibling(program: DriverProgram, model: ModelName): boolean {
  return siblingsOf(program).some((hazard) => (unlessMistaken(() => check(lowerDriver({ ...program, hazard }).program, { model, mode: "verdict" }))?.positive ?? 0) > 0);
}

function siblingsOf(program: DriverProgram): readonly Hazard[] {
  const { hazard } = program;
  if (hazard.kind === "uninitialised-read") {
    const isUnwritten = ({ initial, fields = [] }: DriverProgram["objects"][number]): boolean => initial === "uninitialised" || fields.some((field) => field.initial === "uninitialised");
    return program.objects.filter((object) => object.name !== hazard.object && isUnwritten(object)).map(({ name }) => ({ kind: "uninitialised-read", object: name }));
  }
  if (hazard.kind !== "use-after-free") return [];
  const freedIn = bodiesOf(program).map(({ steps }) => flatten(steps).flatMap((step) => (step.kind === "free" || step.kind === "kfree-rcu" ? [step.object] : [])));
  const beside = freedIn.filter((objects) => objects.includes(hazard.object)).flat();
  return [...new Set(beside)].filter((object) => object !== hazard.object).map((object) => ({ kind: "use-after-free", object }));
}
