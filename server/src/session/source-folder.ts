/** The `.c` files that stand in one folder. */

import { readdirSync } from "node:fs";

/** Sorted names; none where the folder cannot be listed. */
export function sourceNamesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.name.endsWith(".c") && !entry.isDirectory() ? [entry.name] : [])).sort();
  } catch {
    return [];
  }
}
