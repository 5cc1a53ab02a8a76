/** Where Quiesce keeps what can be made again: outside of every workspace. */

import { homedir } from "node:os";
import { join } from "node:path";

/** `$XDG_CACHE_HOME/quiesce`, or where the system keeps caches. */
export function defaultCacheDir(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME !== undefined && XDG_CACHE_HOME !== "") return join(XDG_CACHE_HOME, "quiesce");
  return process.platform === "win32" && LOCALAPPDATA !== undefined ? join(LOCALAPPDATA, "quiesce", "cache") : join(homedir(), ".cache", "quiesce");
}
