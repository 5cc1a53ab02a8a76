/** FILE:FUNCTION, as commands about one function take it. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { SourceFile } from "../session/reviewer-types.ts";
import { type KernelTree, nearestKernelTree, printedPath } from "./paths.ts";
import { readSource } from "./read-source.ts";

export type Target<Name> = { readonly functionName: Name; readonly kernel?: KernelTree | undefined; readonly source?: SourceFile; readonly problem?: string };

/** The last colon separates: a path may hold others (`C:\…`). A file may also be named alone where `wanted` says so. */
export function readTarget(target: string, chosen: KernelTree | undefined, wanted: "function"): Target<string>;
export function readTarget(target: string, chosen: KernelTree | undefined, wanted: "file or function"): Target<string | undefined>;
export function readTarget(target: string, chosen: KernelTree | undefined, wanted: "function" | "file or function"): Target<string | undefined> {
  const colon = target.lastIndexOf(":");
  const isFile = wanted === "file or function" && (colon <= 0 || (existsSync(resolve(target)) || !/^[A-Za-z_]\w*$/.test(target.slice(colon + 1))));
  const shown = isFile ? target : target.slice(0, colon);
  const functionName = isFile ? undefined : target.slice(colon + 1);
  if (!isFile && (colon <= 0 || !/^[A-Za-z_]\w*$/.test(functionName ?? ""))) return { functionName, problem: `${target}: write it as FILE:FUNCTION, for example drivers/iommu/x.c:x_detach` };
  const path = resolve(shown);
  const text = readSource(path);
  if (!text.ok) return { functionName, problem: `${shown}: ${text.reason}` };
  const kernel = chosen ?? nearestKernelTree(resolve(path, ".."));
  return { functionName, kernel, source: { file: printedPath(path, kernel), text: text.text } };
}
