import { parseArgs } from "node:util";
import { bounds, type StepLimits } from "../../src/model/trace.ts";

export type Options = {
  readonly kernel: string;
  /** Relative to the tree. */
  readonly files: readonly string[];
  readonly keys: number;
  readonly breakingKeys: number;
  readonly seed: number;
  /** Compares with a fresh parse and fresh facts after every edit. */
  readonly verify: boolean;
  /** Edits after which memory is compared; 0 for none. */
  readonly memory: number;
  readonly limits: StepLimits;
};

export const usage = `npm run latency -- --kernel DIR [options]
  --files PATH      only these (repeatable); default: five large files
  --keys N          ordinary keys, default 200
  --breaking N      keys that break the structure, default 60
  --seed N          default 1
  --steps N         at most so many steps for a function, a thirtieth of it for what it calls, a quarter of that for one call; default as everywhere
  --verify          after every edit, also of those taken back, unit and facts equal fresh ones
  --memory N        instead: memory after N edits, compared with that after the first tenth`;

const defaultFiles = ["drivers/iommu/intel/iommu.c", "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c", "drivers/iommu/amd/iommu.c", "net/core/dev.c", "kernel/sched/core.c"];

export function optionsOf(args: readonly string[], kernelFound: string | undefined): Options {
  const text = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { kernel: text, files: { type: "string", multiple: true }, keys: text, breaking: text, seed: text, memory: text, steps: text, verify: { type: "boolean" } },
  });
  const kernel = values.kernel ?? kernelFound;
  if (kernel === undefined) throw new Error("no kernel tree: name one with --kernel");
  const files = [...(values.files ?? []), ...positionals];
  return {
    kernel,
    files: files.length === 0 ? defaultFiles : files,
    keys: numberOf("--keys", values.keys ?? "200"),
    breakingKeys: numberOf("--breaking", values.breaking ?? "60"),
    seed: numberOf("--seed", values.seed ?? "1"),
    verify: values.verify ?? false,
    memory: numberOf("--memory", values.memory ?? "0"),
    limits: values.steps === undefined ? bounds : limitsOf(numberOf("--steps", values.steps)),
  };
}

const limitsOf = (steps: number): StepLimits => ({ stepsMax: steps, watchedStepsMax: Math.floor(steps / 30), watchedCallStepsMax: Math.floor(steps / 120) });

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text === "" || !Number.isInteger(value) || value < 0) throw new Error(`${option} ${text}: not a number`);
  return value;
}
