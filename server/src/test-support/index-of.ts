import { KernelIndex } from "../index/kernel-index.ts";
import { Layer } from "../index/layer.ts";
import { mergeShards } from "../index/merge.ts";
import { scanText } from "../index/scan-files.ts";

/** An index of texts, by path. */
export function indexOf(files: Readonly<Record<string, string>>): KernelIndex {
  const shards = Object.entries(files).map(([path, text]) => scanText(path, Buffer.from(text)));
  return new KernelIndex([new Layer(mergeShards(shards, () => true))], [[]]);
}
