import { readdirSync, statSync } from "node:fs";

/** Every `.c` outside tools/, or what the patterns name; relative to the tree, sorted. */
export function kernelFiles(kernel: string, patterns: readonly string[]): readonly string[] {
  if (patterns.length === 0) return cFilesUnder(kernel, "").filter((path) => !path.startsWith("tools/"));
  const matches = patterns.map((pattern) => {
    const plain = pattern.replace(/^\.\//, "").replace(/\/$/, "");
    const isPlain = !/[*?]/.test(plain);
    if (isPlain && statSync(`${kernel}/${plain}`).isFile()) return [plain];
    if (isPlain) return cFilesUnder(kernel, plain);
    const matcher = globMatcher(plain);
    return cFilesUnder(kernel, "").filter((path) => matcher.test(path));
  });
  return [...new Set(matches.flat())].sort();
}

function cFilesUnder(kernel: string, folder: string): readonly string[] {
  return readdirSync(`${kernel}/${folder}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".c"))
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(kernel.length).replace(/^\/+/, "").replaceAll("//", "/"))
    .sort();
}

/** `**` is any number of folders, and at the end all that is below; `*` is anything within one name. */
function globMatcher(glob: string): RegExp {
  const pattern = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*\*\/?|\*|\?/g, (part) => (part === "?" ? "[^/]" : part === "*" ? "[^/]*" : part === "**" ? ".*" : "(?:.*/)?"));
  return new RegExp(`^${pattern}$`);
}
