/** The door `quiesce` on the command line: from arguments to an exit status. */

import { buildProgram, isUsageError, usageLine } from "./program.ts";
import { withoutCompilerFlags } from "./kbuild.ts";
import { refusedLater } from "./later.ts";
import { complain, type ExitStatus, ignoreClosedPipe, messageOf } from "./terminal.ts";

async function run(args: readonly string[]): Promise<ExitStatus> {
  const command = args[0] ?? "";
  const split = command === "check" ? withoutCompilerFlags(args) : { rest: args, hasCompilerFlags: false };
  const isKbuild = split.hasCompilerFlags || (command === "check" && args.includes("--kbuild"));
  const status = await statusFor(command, split.rest, isKbuild);
  // A finding, or even a mistake in our options, must not break somebody's kernel build.
  return isKbuild && !args.includes("--error-exitcode") ? 0 : status;
}

async function statusFor(command: string, args: readonly string[], isKbuild: boolean): Promise<ExitStatus> {
  const refused = refusedLater(command, args);
  if (refused !== undefined) {
    complain(refused);
    return 2;
  }
  let status: ExitStatus = 0;
  const program = buildProgram({ isKbuild, report: (reported) => (status = reported) });
  try {
    await program.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    if (!isUsageError(error)) {
      complain(`this is a bug, please report it: ${messageOf(error)}`);
      return 2;
    }
    if (error.exitCode === 0) return 0;
    // Commander answers `help nonsense` with the whole help on stderr.
    complain(error.code === "commander.help" ? `unknown command '${args[1] ?? ""}' (quiesce help lists the commands)` : usageLine(error, command));
    return 2;
  }
}

ignoreClosedPipe();
const given = process.argv.slice(2);
// Not process.exit(): what was written to a pipe must leave first.
void run(given.length > 0 ? given : ["help"]).then((status) => {
  process.exitCode = status;
});
