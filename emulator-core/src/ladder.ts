/**
 * How weak memory has to be for a hazard: the same question under stronger and stronger models. Reviewers
 * need exactly that sentence ("plain interleaving is enough", "only on weak memory", "only because plain").
 */
import type { CheckResult, Limit, ModelName } from "./check.ts";
import type { Execution } from "./execution.ts";
import type { Program } from "./program.ts";

/** `unknown`: a limit was met first. */
export type Reachability = "reachable" | "unreachable" | "unknown";

export type Ladder = { readonly sc: Reachability; readonly tso: Reachability; readonly mca: Reachability; readonly lkmm: Reachability };

/** The weakest need: `compiler` means only because an access is plain. */
export type HazardClass = "interleaving" | "tso" | "mca" | "non-mca" | "compiler";

export type Climbed = {
  readonly ladder: Ladder;
  /** null when a limit left it open. */
  readonly hazardClass: HazardClass | null;
  /** An execution of the strongest model that has one: the easiest to follow. */
  readonly simplest: Execution | null;
  readonly limit: Limit | null;
};

/** Answers one question; `plainAsMarked` takes every plain access for a READ_ONCE or WRITE_ONCE. */
export type Asker = (program: Program, model: ModelName, plainAsMarked?: boolean) => CheckResult;

export const unreachableLadder: Ladder = { sc: "unreachable", tso: "unreachable", mca: "unreachable", lkmm: "unreachable" };

/** From the strongest model down; what a stronger model reaches, a weaker one reaches too. `main`: the answer under `model`, with the hazard reached. */
export function climb(program: Program, main: CheckResult, model: ModelName, ask: Asker): Climbed {
  const sc = ask(program, "sc");
  if (sc.positive > 0) return { ladder: { sc: "reachable", tso: "reachable", mca: "reachable", lkmm: "reachable" }, hazardClass: "interleaving", simplest: sc.witness, limit: null };
  const tso = ask(program, "tso");
  const mca = ask(program, "mca");
  const ladder: Ladder = { sc: reach(sc), tso: reach(tso), mca: reach(mca), lkmm: "reachable" };
  const marked = ask(program, model, true);
  const markedTso = ask(program, "tso", true);
  const markedMca = ask(program, "mca", true);
  // A rung that met a limit leaves the class open: the weakest need is not known.
  const limit = [sc, tso, mca, marked, markedTso, markedMca].find((result) => result.limit !== null && result.positive === 0)?.limit ?? null;
  if (limit !== null) return { ladder, hazardClass: null, simplest: main.witness, limit };
  if (marked.positive === 0) return { ladder, hazardClass: "compiler", simplest: main.witness, limit };
  if (markedTso.positive > 0) return { ladder, hazardClass: "tso", simplest: tso.witness ?? main.witness, limit };
  if (markedMca.positive > 0) return { ladder, hazardClass: "mca", simplest: mca.witness ?? main.witness, limit };
  return { ladder, hazardClass: "non-mca", simplest: main.witness, limit };
}

function reach(result: CheckResult): Reachability {
  return result.positive > 0 ? "reachable" : result.limit === null ? "unreachable" : "unknown";
}
