/** URIs as this server compares and prints them. Clients encode them differently; `canonical` makes them one. */

import { URI, Utils } from "vscode-uri";

export function canonical(uri: string): string {
  return URI.parse(uri).toString();
}

export function folderOf(uri: string): string {
  return Utils.dirname(URI.parse(uri)).toString();
}

/** `path` is relative to the folder; `..` is followed. */
export function inFolder(folder: string, path: string): string {
  return Utils.joinPath(URI.parse(folder), path).toString();
}

export function isInside(folder: string, uri: string): boolean {
  return canonical(uri).startsWith(`${canonical(folder)}/`);
}

/** With `/`, and `..` where the file is not below the folder; only the name where no way leads from one to the other. */
export function relativeTo(folder: string, uri: string): string {
  const [a, b] = [URI.parse(folder), URI.parse(uri)];
  if (a.scheme !== b.scheme || a.authority !== b.authority) return baseName(uri);
  const from = segmentsOf(folder);
  const to = segmentsOf(uri);
  let shared = 0;
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared += 1;
  return [...from.slice(shared).map(() => ".."), ...to.slice(shared)].join("/");
}

export function baseName(uri: string): string {
  return Utils.basename(URI.parse(uri));
}

function segmentsOf(uri: string): readonly string[] {
  return URI.parse(uri).path.split("/").filter((segment) => segment !== "");
}
