/**
 * `make C=1 CHECK="quiesce check"` runs us as it runs sparse: with every compiler flag and the file last.
 * The flags say nothing that the review uses, so they are dropped, and a build is never broken.
 */

/** Flags of gcc and clang whose value is the next argument. */
const flagsWithValue = new Set([
  ...["-D", "-U", "-I", "-include", "-imacros", "-isystem", "-idirafter", "-iquote", "-iprefix", "-isysroot", "-x", "-o"],
  ...["-MF", "-MT", "-MQ", "-Xclang", "-Xassembler", "-Xlinker", "-Xpreprocessor", "-mllvm", "-target", "-arch"],
  ...["--param", "--target", "--sysroot", "--prefix", "--gcc-toolchain", "--std"],
]);

/** One of these says that a build is running us. None can be an option of ours, or a slip in writing one. */
const certainFlag = /^-(?:D.|U.|I.|W.|f.|m.|std=|nostd|D$|I$|isystem|idirafter|iquote|include$|imacros|Xclang)/;

/** These are dropped beside a certain one; alone they are unknown options, and said to be. */
const possibleFlag = /^(?:-(?:[a-zA-Z]$|O[0-3sgz]$|g|M|X|pipe$|pg$|U|arch|target|ansi|pedantic|traditional|no-)|--(?:param|target|sysroot|prefix|gcc-toolchain|std)(?:=|$))/;

/** Long options of our own; beside a certain compiler flag any other one is the build's (`--arch=x86`, since Linux 6.2). */
const ownOption = /^--(?:format|rule|evidence|no-emulate|kernel|jobs|kbuild|error-exitcode|quiet|progress|no-progress|cache|no-cache|patch|mailback|baseline|write-baseline|shard|help|version|terse)(?:=|$)/;

export type SplitArguments = { readonly rest: readonly string[]; readonly hasCompilerFlags: boolean };

export function withoutCompilerFlags(args: readonly string[]): SplitArguments {
  const dashes = args.indexOf("--");
  const end = dashes < 0 ? args.length : dashes;
  if (!args.slice(0, end).some((arg) => certainFlag.test(arg))) return { rest: args, hasCompilerFlags: false };
  const rest: string[] = [];
  for (let index = 0; index < end; index += 1) {
    const arg = args[index] ?? "";
    if (flagsWithValue.has(arg)) index += 1;
    else if (!certainFlag.test(arg) && !possibleFlag.test(arg) && (!arg.startsWith("--") || ownOption.test(arg))) rest.push(arg);
  }
  return { rest: [...rest, ...args.slice(end)], hasCompilerFlags: true };
}
