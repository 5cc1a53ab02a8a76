/** What every verdict of this version was computed with; a result never goes without its bounds. */

import { executionsMax, timeMsMax } from "../evidence/judge.ts";
import { bounds } from "../model/trace.ts";
import type { Profile } from "../protocol/index.ts";

export function profileFor(kernelRelease: string): Profile {
  return {
    model: "lkmm",
    kernel: kernelRelease,
    bounds: { executions: executionsMax, timeMs: timeMsMax, paths: bounds.pathsMax, inlineDepth: bounds.inlineDepthMax, loopRounds: bounds.loopRounds, steps: bounds.stepsMax, headerDepth: bounds.headerDepthMax, headers: bounds.headersMax },
  };
}
