/** Which files the index is about, with what tells whether they changed. */

import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** `path` is relative to the top, with slashes. */
export type TreeFile = { readonly path: string; readonly mtimeMs: number; readonly size: number };

/** All `.c` and `.h`, in the order of the folders. Links are not followed, hidden folders not entered; what cannot be read is not there. */
export function walkTree(top: string, isCancelled: () => boolean): readonly TreeFile[] {
  const files: TreeFile[] = [];
  const pending = [""];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    if (isCancelled()) return [];
    for (const entry of entriesOf(join(top, folder))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".")) pending.push(path);
      } else if (entry.isFile() && (entry.name.endsWith(".c") || entry.name.endsWith(".h"))) {
        const stat = lstatSync(`${top}/${path}`, { throwIfNoEntry: false });
        if (stat !== undefined) files.push({ path, mtimeMs: stat.mtimeMs, size: stat.size });
      }
    }
  }
  return files;
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Those first that share the most folders with `near` (a path in the tree), then headers that all include, then the rest. */
export function nearestFirst(paths: readonly string[], near: string): readonly string[] {
  const folders = near.split("/");
  const rank = (path: string): number => {
    const own = path.split("/");
    let shared = 0;
    while (shared < folders.length && shared < own.length && own[shared] === folders[shared]) shared++;
    return shared * 2 + (path.startsWith("include/") ? 1 : 0);
  };
  return paths.map((path) => ({ path, rank: rank(path) })).sort((a, b) => b.rank - a.rank || (a.path < b.path ? -1 : 1)).map(({ path }) => path);
}
