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
export { climb, unreachableLadder, type Asker, type Climbed, type HazardClass, type Ladder, type Reachability } from "./ladder.ts";
export type * from "./driver/steps.ts";
export * as steps from "./driver/build.ts";
export { judgeDriver, type DriverVerdict, type JudgeOptions } from "./driver/judge.ts";
export { exportLitmus, type ExportOptions } from "./driver/export.ts";
export { contextsOf } from "./contexts/contexts.ts";
export type { ContextFinding, ContextFindingKind, ContextLimit, Contexts, PathStep } from "./contexts/finding.ts";
export { lowerDriver, type LowerOptions } from "./driver/lower.ts";
export type { Actor, Lowered } from "./driver/lowering.ts";
export { DriverMistake } from "./driver/mistake.ts";
export { overlays, type ArchitectureOverlay } from "./driver/architectures.ts";
export { assumptionsOf } from "./iommu/assumptions.ts";
export { changeAndFlush, changeSteps, deviceOf, flushSteps, mapSteps, unmapSteps, type DeviceShape, type EntryChange, type FlushOptions } from "./iommu/driver-steps.ts";
export { pairsOf, type Pair, type PairAbout } from "./iommu/pairs.ts";
export { cacheOf, factsOf, type CacheKind, type Fact, type NamedFact, type VendorCache, type VendorModel } from "./iommu/vendor.ts";
export { vendorOf, vendors } from "./iommu/vendors.ts";
export { drawColumns, marginOf, widthMax, wrap, type Cell, type Column } from "./columns.ts";
export { renderWitness, witnessOf, type Witness, type WitnessStep } from "./driver/witness.ts";
export { searchFixes, type Fix, type FixOptions, type FixSearch } from "./driver/fixes/search.ts";
export type { Edit } from "./driver/fixes/edits.ts";
export { barrierRoles, type BarrierRole } from "./driver/load-bearing.ts";
