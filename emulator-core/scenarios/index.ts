/** The seed scenarios: every race of the discussions that Quiesce was made for, in driver steps. */
import { hardwareRuleScenarios } from "./hardware-rules.ts";
import { ioasidScenarios } from "./ioasid.ts";
import { pageTableScenarios } from "./page-table.ts";
import { riscvScenarios } from "./riscv.ts";
import { s390Scenarios } from "./s390.ts";
import type { Scenario } from "./scenario.ts";
import { svaScenarios } from "./sva.ts";

export type { Expected, Observation, Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [...riscvScenarios, ...s390Scenarios, ...pageTableScenarios, ...ioasidScenarios, ...svaScenarios, ...hardwareRuleScenarios];
