/** Whether the kernel tree at hand has the memory model that we answer by. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LitmusModel, type ModelFileName, modelFileNames, type ModelFiles, recognizeModel, releaseOf } from "../evidence/litmus.ts";
import { type KernelTree, withSlashes } from "./paths.ts";

export type TreeModel = {
  /** One line; undefined where the tree's model is the one we answer by. */
  readonly drift: string | undefined;
  /** What its linux-kernel.def has besides or otherwise. */
  readonly macros: ModelFiles["macros"];
};

const modelFolder = "tools/memory-model";

/** No tree, or a tree without the folder, is fine. */
export function treeModel(kernel: KernelTree | undefined, model: LitmusModel): TreeModel {
  const files = kernel === undefined ? [] : modelFileNames.flatMap((name): (readonly [ModelFileName, string])[] => {
    const text = textOf(join(kernel.directory, modelFolder, name));
    return text === undefined ? [] : [[name, text]];
  });
  if (kernel === undefined || files.length === 0) return { drift: undefined, macros: [] };
  const { model: known, drift, macros } = recognizeModel(Object.fromEntries(files));
  const release = releaseOf(model);
  const isOther = known !== undefined && releaseOf(known) !== release;
  const differences = [...(isOther ? [`the model of Linux ${releaseOf(known)}; --model ${known} answers by it`] : []), ...drift];
  const where = `${modelFolder} of ${withSlashes(kernel.directory)}`;
  return { drift: differences.length === 0 ? undefined : `model drift: ${where} (${differences.join(", ")}): verdicts are for the ${release} profile`, macros };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
