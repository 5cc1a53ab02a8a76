import type { DetailEffect } from "./detail-schema.ts";
import type { ApiRow } from "./schema.ts";

/** A row whose effects are true, and perhaps not all there are. */
export const partly = (names: readonly string[], effects: readonly DetailEffect[], more: Pick<ApiRow, "maySleep" | "neverWaits" | "unlessZero" | "since" | "until" | "source"> = {}): ApiRow => ({ names, effects, partly: true, ...more });
