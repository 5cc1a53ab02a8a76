/** A race that was discussed on a mailing list, or a rule of the hardware, as a driver program with the answer that is known for it. */
import type { DriverProgram } from "../src/driver/steps.ts";

export type Observation = "Sometimes" | "Never" | "Always";

export type Expected = {
  readonly lkmm: Observation;
  /** On multi-copy-atomic machines, and by interleaving alone. */
  readonly mca: Observation;
  readonly sc: Observation;
  readonly flag: "" | "data-race";
  /** With every plain access turned into READ_ONCE() or WRITE_ONCE(); `=`: there is no plain access. */
  readonly marked: Observation | "=";
};

export type Scenario = {
  /** Its row in the table of verdicts, and the name of its program. */
  readonly name: string;
  /** The thread of discussion. */
  readonly seed: string;
  readonly program: DriverProgram;
  readonly expected: Expected;
  /** The scenario in which the hazard of this one is mended. */
  readonly fixedBy?: string;
  /** Not in the table of verdicts. */
  readonly isOurs?: boolean;
};

const expected = (lkmm: Observation, mca: Observation, sc: Observation): Expected => ({ lkmm, mca, sc, flag: "", marked: "=" });

export const never = expected("Never", "Never", "Never");
/** Plain interleaving is enough. */
export const interleaving = expected("Sometimes", "Sometimes", "Sometimes");
/** Needs memory that is weaker than sequential consistency. */
export const weak = expected("Sometimes", "Sometimes", "Never");
/** Needs a machine that is not multi-copy atomic. */
export const nonMca = expected("Sometimes", "Never", "Never");
/** In every execution. */
export const always = expected("Always", "Always", "Always");

/** The program has plain accesses; marked, the answer is this one. */
export const withPlain = (answer: Expected, marked: Observation): Expected => ({ ...answer, marked });
/** The plain accesses race. */
export const racing = (answer: Expected, marked: Observation): Expected => ({ ...answer, flag: "data-race", marked });

export type Row = readonly [program: DriverProgram, expected: Expected, fixedBy?: string];

export const scenariosOf = (seed: string, rows: readonly Row[]): readonly Scenario[] =>
  rows.map(([program, answer, fixedBy]) => ({ name: program.name, seed, program, expected: answer, ...(fixedBy === undefined ? {} : { fixedBy }) }));

/** The same rows, with the mended one named beside those whose hazard is reachable. */
export const mendedBy = (fixedBy: string, rows: readonly (readonly [DriverProgram, Expected])[]): readonly Row[] =>
  rows.map(([program, answer]) => (answer.lkmm === "Never" ? [program, answer] : [program, answer, fixedBy]));
