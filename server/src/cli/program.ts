/** Commands and options, as section 1 of the contract names them. */

import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { statSync } from "node:fs";
import { type CheckSettings, runCheckCommand } from "./check-command.ts";
import { defaultCacheDir } from "../session/cache-folder.ts";
import { type EmulateSettings, runEmulateCommand } from "./emulate-command.ts";
import { ruleDescriptions } from "./engine.ts";
import { type FactsSettings, runFactsCommand } from "./facts-command.ts";
import type { IndexQuestion } from "./index-answers.ts";
import { runIndexCommand } from "./index-command.ts";
import { type LitmusSettings, runLitmusCommand } from "./litmus-command.ts";
import { runLspCommand } from "./lsp-command.ts";
import { type KernelTree, kernelTreeAt } from "./paths.ts";
import { defaultThreads } from "./pool.ts";
import { runRulesCommand, unknownRule } from "./rules-command.ts";
import { type ExitStatus, oneLine } from "./terminal.ts";

export type ProgramContext = {
  /** `make C=1 CHECK=…` runs us: one file, compiler flags already dropped. */
  readonly isKbuild: boolean;
  /** Called once, with the exit status of the command that ran. */
  readonly report: (status: ExitStatus) => void;
};

export function buildProgram(context: ProgramContext): Command {
  const program = new Command("quiesce")
    .description("Reviews Linux kernel driver code for RCU and IOMMU ordering bugs, with proof.")
    .version(process.env.QUIESCE_VERSION ?? "0.0.0-source", "-V, --version", "print the version")
    .helpCommand("help [command]", "explain a command");
  for (const add of [addCheck, addEmulate, addFacts, addLitmus, addIndex, addRules, addLsp]) add(program, context);
  for (const command of [program, ...program.commands]) {
    command.exitOverride().showHelpAfterError(false).allowExcessArguments(false);
    // Commander prints several lines; main prints one.
    command.configureOutput({ writeErr: () => undefined });
  }
  return program;
}

export function isUsageError(error: unknown): error is CommanderError {
  return error instanceof CommanderError;
}

export function usageLine(error: CommanderError, command: string): string {
  const what = oneLine(error.message.replace(/^error: /, ""));
  return `${what}${/did you mean/i.test(what) ? "" : ` (quiesce help${isCommand(command) ? ` ${command}` : ""} explains)`}`;
}

function isCommand(name: string): boolean {
  return ["check", "emulate", "facts", "litmus", "index", "rules", "lsp"].includes(name);
}

type CheckFlags = Pick<CheckSettings, "format" | "evidence" | "emulate" | "kernel" | "jobs" | "parser"> & {
  readonly rule?: readonly string[];
  readonly cache: boolean;
  readonly quiet?: boolean;
  readonly progress?: boolean;
};

function addCheck(program: Command, { isKbuild, report }: ProgramContext): void {
  program
    .command("check")
    .description("review files, folders or a whole kernel tree")
    .argument("[path...]", "files, folders (default: the working directory)")
    .addOption(choice("--format <format>", ["text", "json"], "how findings are printed"))
    .option("--rule <id,...>", "only these rules", parseRules)
    .addOption(choice("--evidence <verdict>", ["confirmed", "undecided", "all"], "the least verdict that is shown"))
    .option("--no-emulate", "find only, replay nothing")
    .option("--kernel <dir>", "tree for headers and macros (default: the nearest parent with Kbuild and MAINTAINERS)", parseKernel)
    .option("--jobs <n>", "worker threads", positiveInteger, defaultThreads)
    .addOption(parserChoice())
    .option("--kbuild", "run as make C=1 runs a checker: compiler flags are ignored, the status is 0")
    .option("--error-exitcode", "with --kbuild: the usual exit status")
    .option("--no-cache", "keep nothing between runs")
    .option("--progress", "a progress line on stderr (default on a terminal)")
    .option("--quiet", "no summary and no progress on stderr")
    .action(async (named: string[], flags: CheckFlags) => {
      const quiet = flags.quiet ?? isKbuild;
      report(
        await runCheckCommand({
          paths: isKbuild ? named.slice(-1) : named.length > 0 ? named : ["."],
          format: flags.format,
          rules: flags.rule ?? "all",
          evidence: flags.evidence,
          emulate: flags.emulate,
          kernel: flags.kernel,
          cacheDir: flags.cache ? defaultCacheDir() : null,
          jobs: flags.jobs,
          parser: flags.parser,
          quiet,
          progress: !quiet && (flags.progress ?? process.stderr.isTTY),
        }),
      );
    });
}

type EmulateFlags = Pick<EmulateSettings, "format" | "model" | "kernel" | "parser"> & { readonly with?: string };

function addEmulate(program: Command, { report }: ProgramContext): void {
  program
    .command("emulate")
    .description("extract a function's concurrency and replay it")
    .addArgument(new Argument("<file:function>", "the function, and the file it is in"))
    .addOption(choice("--format <format>", ["text", "json", "litmus"], "the table, its data, or the program as a litmus test"))
    .addOption(choice("--model <model>", ["lkmm", "mca", "sc", "tso"], "the memory model"))
    .option("--with <file:function>", "the counterpart (default: chosen from the same file)")
    .option("--kernel <dir>", "tree for headers and macros (default: the nearest parent with Kbuild and MAINTAINERS)", parseKernel)
    .addOption(parserChoice())
    .action(async (target: string, flags: EmulateFlags) => {
      const { format, model, kernel, parser } = flags;
      report(await runEmulateCommand({ target, counterpart: flags.with, format, model, kernel, parser }));
    });
}

function addFacts(program: Command, { report }: ProgramContext): void {
  program
    .command("facts")
    .description("show what functions do: effects, locks and RCU context, exits, and what callers must know")
    .addArgument(new Argument("<file[:function]>", "a file, or one function of it"))
    .addOption(choice("--format <format>", ["text", "json"], "a line a point, or data (docs/facts.schema.json)"))
    .option("--kernel <dir>", "tree for headers and macros (default: the nearest parent with Kbuild and MAINTAINERS)", parseKernel)
    .addOption(parserChoice())
    .action(async (target: string, { format, kernel, parser }: Pick<FactsSettings, "format" | "kernel" | "parser">) => {
      report(await runFactsCommand({ target, format, kernel, parser }));
    });
}

type LitmusFlags = Pick<LitmusSettings, "format" | "model" | "mode" | "jobs" | "timeoutMs"> & {
  readonly kernel?: KernelTree;
  readonly states?: boolean;
  readonly quiet?: boolean;
  readonly progress?: boolean;
};

function addLitmus(program: Command, { report }: ProgramContext): void {
  program
    .command("litmus")
    .description("run LKMM litmus tests and answer as herd7 does")
    .argument("<path...>", "litmus tests, or folders of them")
    .addOption(choice("--format <format>", ["herd", "json", "tsv"], "herd7's lines, or data"))
    .option("--states", "list the final states in json and tsv")
    .addOption(choice("--model <model>", ["lkmm", "lkmm-6.1", "mca", "sc", "tso"], "the memory model; lkmm is that of Linux 6.12"))
    .addOption(choice("--mode <mode>", ["executions", "states", "verdict"], "what is counted; executions counts as herd7"))
    .option("--jobs <n>", "worker threads", positiveInteger, defaultThreads)
    .option("--timeout-ms <n>", "time for one test", positiveInteger, 60_000)
    .option("--kernel <dir>", "tree whose tools/memory-model is compared with ours (default: the nearest parent with Kbuild and MAINTAINERS)", parseKernel)
    .option("--progress", "a progress line on stderr (default on a terminal)")
    .option("--quiet", "no summary and no progress on stderr")
    .action(async (paths: string[], flags: LitmusFlags) => {
      const quiet = flags.quiet ?? false;
      // Rows that scroll by on a terminal are progress enough.
      const hasSilence = process.stderr.isTTY && (!process.stdout.isTTY || flags.format === "json");
      report(await runLitmusCommand({ ...flags, kernel: flags.kernel, paths, states: flags.states ?? false, quiet, progress: !quiet && (flags.progress ?? hasSilence) }));
    });
}

type IndexFlags = {
  readonly kernel?: KernelTree;
  readonly cache?: string;
  readonly jobs: number;
  readonly callers?: string;
  readonly entries?: string;
  readonly ops?: string;
  readonly format: "text" | "json";
  readonly quiet?: boolean;
  readonly progress?: boolean;
};

/** More readers than this wait for the disk and for one another. */
const defaultReaders = 2;

function addIndex(program: Command, { report }: ProgramContext): void {
  program
    .command("index")
    .description("index a kernel tree, and ask who calls what")
    .option("--kernel <dir>", "the tree (default: the nearest parent with Kbuild and MAINTAINERS)", parseKernel)
    .option("--cache <dir>", "where the index lies (default: quiesce in the user's cache folder)")
    .option("--jobs <n>", "threads that read files", positiveInteger, defaultReaders)
    .addOption(new Option("--callers <function>", "who calls it; FILE:FUNCTION names one of several").conflicts(["entries", "ops"]))
    .addOption(new Option("--entries <function>", "from which entry points it is reached, and what it does").conflicts(["ops"]))
    .option("--ops <type>", "every table of that struct, with its functions")
    .addOption(choice("--format <format>", ["text", "json"], "text or data"))
    .option("--progress", "a progress line on stderr (default on a terminal)")
    .option("--quiet", "no progress on stderr")
    .action(async (flags: IndexFlags) => {
      const quiet = flags.quiet ?? false;
      report(
        await runIndexCommand({
          kernel: flags.kernel,
          cacheDir: flags.cache ?? defaultCacheDir(),
          jobs: flags.jobs,
          format: flags.format,
          question: questionOf(flags),
          quiet,
          progress: !quiet && (flags.progress ?? process.stderr.isTTY),
        }),
      );
    });
}

function questionOf({ callers, entries, ops }: IndexFlags): IndexQuestion | undefined {
  if (callers !== undefined) return { kind: "callers", name: callers };
  if (entries !== undefined) return { kind: "entries", name: entries };
  return ops === undefined ? undefined : { kind: "ops", name: ops };
}

function addRules(program: Command, { report }: ProgramContext): void {
  program
    .command("rules")
    .description("list the rules, or explain one: what, why, example, fix")
    .argument("[id]", "a rule, for example rcu/missing-dereference")
    .addOption(choice("--format <format>", ["text", "json"], "text or data"))
    .action((id: string | undefined, { format }: { readonly format: "text" | "json" }) => {
      report(runRulesCommand({ id, format }));
    });
}

function addLsp(program: Command, { report }: ProgramContext): void {
  program
    .command("lsp")
    .description("the language server, for any editor")
    .option("--stdio", "talk over standard input and output (the only way there is)")
    // vscode-languageclient adds it to every server it starts.
    .addOption(new Option("--clientProcessId <pid>").hideHelp())
    .action(async () => {
      report(await runLspCommand());
    });
}

const parserChoice = (): Option => choice("--parser <parser>", ["wasm", "native"], "the C parser; native is optional and gives the same answers");

/** The first choice is the default. */
function choice(flags: string, choices: readonly string[], description: string): Option {
  return new Option(flags, description).choices(choices).default(choices[0]);
}

function positiveInteger(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError("It must be a whole number of at least 1.");
  return Number(value);
}

function parseRules(value: string, earlier: readonly string[] = []): readonly string[] {
  const ids = value.split(",").map((id) => id.trim()).filter((id) => id !== "");
  if (ids.length === 0) throw new InvalidArgumentError("Name at least one rule.");
  const known = new Set(ruleDescriptions().map((rule) => rule.id));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is ${unknownRule(unknown)}.`);
  return [...earlier, ...ids];
}

function parseKernel(value: string): KernelTree {
  if (!statSync(value, { throwIfNoEntry: false })?.isDirectory()) throw new InvalidArgumentError("There is no such folder.");
  return kernelTreeAt(value);
}
