import { parseArgs } from "node:util";

export type Options = {
  readonly kernel: string;
  /** Globs or paths relative to the tree. */
  readonly files: readonly string[];
  readonly jobs: number;
  readonly raw: boolean;
  /** Prints every finding. */
  readonly list: boolean;
  readonly worst: number;
  readonly fuzz: number;
  readonly seed: number;
  readonly targets: readonly Target[];
};

/** A percentage that must not be exceeded. */
export type Target = { readonly name: "files" | "bytes" | "bodies" | "lost"; readonly max: number };

export const usage = `npm run parse-report -- --kernel DIR [options]
  --files GLOB      only these (repeatable); default: every .c outside tools/
  --jobs N          threads, default 2
  --raw             also without the rewriting
  --list            every place that counts against the parser
  --worst N         files listed, default 20
  --max-files P --max-bytes P --max-bodies P --max-lost P
                    exit 1 when a percentage is above
  --fuzz N          instead: N mutants of fixtures and of the tree's files through the rewriting
  --seed N          of the mutants, default 1`;

export function optionsOf(args: readonly string[], kernelFound: string | undefined): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      kernel: { type: "string" },
      files: { type: "string", multiple: true },
      jobs: { type: "string" },
      raw: { type: "boolean" },
      list: { type: "boolean" },
      worst: { type: "string" },
      fuzz: { type: "string" },
      seed: { type: "string" },
      "max-files": { type: "string" },
      "max-bytes": { type: "string" },
      "max-bodies": { type: "string" },
      "max-lost": { type: "string" },
    },
  });
  const kernel = values.kernel ?? kernelFound;
  if (kernel === undefined && values.fuzz === undefined) throw new Error("no kernel tree: name one with --kernel");
  const targets = (["files", "bytes", "bodies", "lost"] as const).flatMap((name): Target[] => {
    const max = values[`max-${name}`];
    return max === undefined ? [] : [{ name, max: numberOf(`--max-${name}`, max) }];
  });
  return {
    kernel: kernel ?? "",
    files: [...(values.files ?? []), ...positionals],
    jobs: numberOf("--jobs", values.jobs ?? "2"),
    raw: values.raw ?? false,
    list: values.list ?? false,
    worst: numberOf("--worst", values.worst ?? "20"),
    fuzz: numberOf("--fuzz", values.fuzz ?? "0"),
    seed: numberOf("--seed", values.seed ?? "1"),
    targets,
  };
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text === "" || !(value >= 0)) throw new Error(`${option} ${text}: not a number`);
  return value;
}
