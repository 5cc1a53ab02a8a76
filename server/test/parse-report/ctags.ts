import { spawnSync } from "node:child_process";
import type { Tag } from "./measure.ts";

/** The functions that Universal Ctags finds, by path. */
export function tagsOf(ctags: string, paths: readonly string[]): ReadonlyMap<string, readonly Tag[]> {
  const args = ["--options=NONE", "--languages=C", "--kinds-C=f", "--excmd=number", "--sort=no", "-f", "-", "-L", "-"];
  const result = spawnSync(ctags, args, { input: `${paths.join("\n")}\n`, encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`ctags failed: ${result.stderr.trim()}`);
  const tags = new Map<string, Tag[]>(paths.map((path) => [path, []]));
  for (const row of result.stdout.split("\n")) {
    const [name, path, line] = row.split("\t");
    if (name !== undefined && path !== undefined && line !== undefined) tags.get(path)?.push({ name, line: Number.parseInt(line, 10) });
  }
  return tags;
}
