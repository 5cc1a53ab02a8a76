/** Options that the contract names and that are not built yet: refused by name, so that no script believes they worked. */

const kernelWorkflow = "the kernel-workflow issue";

const memoryModel = "the memory-model issue";

/** Option, or option with value, → the issue that brings it. */
const laterOptions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  check: {
    "--patch": kernelWorkflow,
    "--mailback": kernelWorkflow,
    "--baseline": kernelWorkflow,
    "--write-baseline": kernelWorkflow,
    "--shard": kernelWorkflow,
    "--cache": kernelWorkflow,
    "--format sarif": kernelWorkflow,
    "--format checkpatch": kernelWorkflow,
  },
  emulate: { "--tty": "the replay issue", "--model lkmm-6.1": memoryModel },
};

/** The line to refuse with, or undefined when nothing in `args` is known to come later. */
export function refusedLater(command: string, args: readonly string[]): string | undefined {
  const later = laterOptions[command] ?? {};
  const end = args.indexOf("--");
  for (const [index, arg] of (end < 0 ? args : args.slice(0, end)).entries()) {
    const [option = "", inlineValue] = arg.split("=", 2);
    const withValue = `${option} ${inlineValue ?? args[index + 1] ?? ""}`;
    const name = later[option] === undefined ? withValue : option;
    const issue = later[name];
    if (issue !== undefined) return `not available yet: ${name} (comes with ${issue})`;
  }
  return undefined;
}
