/*
 * The only door of emulator-core: programs in, verdict and witness out. See ../README.md.
 */
export type * from "./program.ts";
export { check, type CheckOptions, type CheckResult, type Limit, type ModelName, type Verdict } from "./check.ts";
export { noStates, stateCountOf, stateLines, type NumberedStates, type StateList } from "./explore/state-list.ts";
export type { EventPair, Execution, ExecutionEvent } from "./execution.ts";
export { parseLitmus, type LitmusError, type ParseOptions, type ParseResult } from "./litmus/parser.ts";
export { modelFileNames, recognizeModel, type ModelFileName, type ModelFiles } from "./litmus/model-files.ts";
export { releaseOf } from "./lkmm/lkmm.ts";
export type { MacroDefinition } from "./litmus/macro-table.ts";
export { printCondition, printLitmus } from "./litmus/printer.ts";
export { withDeclarations } from "./litmus/derive-declarations.ts";
export { addressOf, constant, lowerLifetimes, poison, register } from "./lifetimes.ts";
