/** From the paths on the command line to the files to review. */

import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { compareText, messageOf } from "./terminal.ts";

/** `shown` is the path as the person wrote it, extended by what a folder held. `named`: a failure on it is status 2. */
export type FoundFile = { readonly path: string; readonly shown: string; readonly named: boolean };

export type Collected = {
  /** Without duplicates, in the order of `path`. */
  readonly files: readonly FoundFile[];
  /** About paths named on the command line; each is one line and makes the status 2. */
  readonly problems: readonly string[];
  /** Files inside named folders that cannot be read. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
};

export type Wanted = {
  /** Extensions that are taken when a folder is searched. */
  readonly inFolders: readonly string[];
  /** Extensions that a named file may have; "any" takes all. */
  readonly named: readonly string[] | "any";
  /** "C files", for the message about a folder that holds none. */
  readonly what: string;
};

export function collectFiles(paths: readonly string[], wanted: Wanted): Collected {
  const found: FoundFile[] = [];
  const problems: string[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  for (const shown of paths) {
    const path = resolve(shown);
    const kind = kindOf(path);
    if (typeof kind !== "string") problems.push(`${shown}: ${kind.reason}`);
    else if (kind === "folder") {
      const inside = walk(path, shown, wanted);
      if (inside.files.length === 0 && inside.unreadable.length === 0) problems.push(`${shown}: no ${wanted.what} in this folder`);
      found.push(...inside.files);
      unreadable.push(...inside.unreadable);
    } else if (wanted.named !== "any" && !wanted.named.includes(extname(path))) {
      problems.push(`${shown}: not supported; name a folder or a file that ends in ${wanted.named.join(" or ")}`);
    } else found.push({ path, shown, named: true });
  }
  return { files: withoutDuplicates(found), problems, unreadable };
}

function kindOf(path: string): "file" | "folder" | { readonly reason: string } {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return "folder";
    return stat.isFile() ? "file" : { reason: "neither a file nor a folder" };
  } catch (error) {
    return { reason: systemReason(error) };
  }
}

/** Folders behind symbolic links are not entered: loops are impossible and nothing is reviewed twice under two names. */
function walk(top: string, shownTop: string, wanted: Wanted): { files: FoundFile[]; unreadable: { path: string; reason: string }[] } {
  const files: FoundFile[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  const pending = [{ path: top, shown: shownTop }];
  for (let folder = pending.pop(); folder; folder = pending.pop()) {
    for (const entry of entriesOf(folder.path, unreadable)) {
      const path = join(folder.path, entry.name);
      const shown = shownTop === "." ? join(folder.shown, entry.name) : `${folder.shown.replace(/\/+$/, "")}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && entry.name !== "node_modules") pending.push({ path, shown });
        continue;
      }
      if (!wanted.inFolders.includes(extname(entry.name))) continue;
      const kind = entry.isSymbolicLink() ? kindOf(path) : entry.isFile() ? "file" : "folder";
      if (kind === "file") files.push({ path, shown, named: false });
      else if (typeof kind !== "string") unreadable.push({ path, reason: kind.reason });
    }
  }
  return { files, unreadable };
}

function entriesOf(folder: string, unreadable: { path: string; reason: string }[]): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    unreadable.push({ path: folder, reason: systemReason(error) });
    return [];
  }
}

/** A file named twice, or reached by two links, is reviewed once; a file that was also named stays named. */
function withoutDuplicates(found: readonly FoundFile[]): readonly FoundFile[] {
  const byRealPath = new Map<string, FoundFile>();
  for (const file of [...found].sort((a, b) => compareText(a.path, b.path))) {
    const key = realPathOf(file.path);
    const earlier = byRealPath.get(key);
    if (!earlier || (file.named && !earlier.named)) byRealPath.set(key, file);
  }
  return [...byRealPath.values()].sort((a, b) => compareText(a.path, b.path));
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** The system's error code in words; the words of the library name functions a user has never heard of. */
export function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  switch (code) {
    case "ENOENT":
      return "no such file or folder";
    case "EACCES":
    case "EPERM":
      return "may not be read (permission denied)";
    case "ELOOP":
      return "a loop of symbolic links";
    case "ENOTDIR":
      return "no such file or folder (a part of the path is a file)";
    case "EISDIR":
      return "a folder, not a file";
    case "ENAMETOOLONG":
      return "the name is too long";
    case undefined:
    default:
      return messageOf(error);
  }
}
