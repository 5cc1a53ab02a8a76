import type { Refreshed } from "./refresh.ts";
import type { Shard } from "./shard.ts";

/** `paths` is joined with newlines: one string is copied to a thread in no time, sixty thousand are not. */
export type ThreadTask =
  | { readonly kind: "refresh"; readonly kernel: string; readonly cacheDir: string; readonly near: string; readonly jobs: number; readonly control: Int32Array }
  | { readonly kind: "scan"; readonly top: string; readonly paths: string; readonly control: Int32Array };

export type ThreadAnswer =
  | { readonly kind: "refreshed"; readonly refreshed: Refreshed }
  | { readonly kind: "scanned"; readonly shard: Shard }
  | { readonly kind: "failed"; readonly reason: string };

/** Names and stamps of a whole tree outlive a young generation of the usual size, and were copied twice. */
export const threadLimits = { maxYoungGenerationSizeMb: 64 } as const;
