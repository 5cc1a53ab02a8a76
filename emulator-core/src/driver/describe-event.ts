/** What one event of an execution says, in the words of the driver or of the hardware. */
import type { ExecutionEvent } from "../execution.ts";
import { describeStep } from "./describe.ts";
import type { Lowered } from "./lowering.ts";
import { nullObject, rcuListObject } from "./places.ts";
import { staleCommand } from "./queue-words.ts";
import { standText, type Stands } from "./stands.ts";
import type { Step } from "./steps.ts";

/** A word that has a global of its own (`dc__tc`). */
const wordText = (name: string): string => name.replace("__", ".");

/** A value as the driver would name it. */
export function valueText(value: string | undefined, stands: Stands): string {
  if (value === undefined) return "?";
  if (value === nullObject) return "NULL";
  if (/^v_freed(?:_other)?$/.test(value)) return "what the next owner wrote";
  if (/^v_wild(?:_other)?$/.test(value)) return "what nobody has written";
  if (value === rcuListObject) return "RCU's own link";
  const stand = standText(stands, value);
  if (stand !== undefined) return stand;
  const name = /^v_(\w+?)(?:\+(\d+))?$/.exec(value);
  return name === null ? value : `&${wordText(name[1]!)}${name[2] === undefined ? "" : `+${name[2]}`}`;
}

export function placeText(location: string | undefined): string {
  const name = /^v_(\w+?)(?:\+(\d+))?$/.exec(location ?? "");
  return name === null ? (location ?? "?") : `${wordText(name[1]!)}${name[2] === undefined ? "" : `[${String(Number(name[2]) / 4)}]`}`;
}

/** A step of a CPU, with what a load found. Registers and flags of the lowering itself are not shown. */
export function describeEvent(event: ExecutionEvent, step: Step, stands: Stands): string | undefined {
  const text = step.source?.text ?? describeStep(step);
  const isOwn = event.instruction?.kind === "assign" && "dst" in step && event.instruction.register === step.dst;
  if (event.kind === "read" && isOwn && (step.kind === "load" || step.kind === "update")) return `${text}: ${foundText(event, stands)}`;
  if (event.kind === "read" && step.kind === "poll") return `${text}: done`;
  return text;
}

function foundText(event: ExecutionEvent, stands: Stands): string {
  return event.value === "0" || event.value === nullObject ? "0" : valueText(event.value, stands);
}

/** What a queue, a device or a callback does by itself; undefined for what a reader need not see. */
export function describeHardware(event: ExecutionEvent, lowered: Lowered): string | undefined {
  const actor = lowered.actors[event.thread];
  const { instruction } = event;
  if (actor === undefined || instruction === undefined) return undefined;
  const cache = cacheOf(event);
  if (actor.actor === "handler") return event.kind === "read" ? (event.value === "1" ? "runs" : undefined) : instruction.kind === "fence" || instruction.kind === "synchronize-srcu" ? "a grace period has elapsed" : undefined;
  if (instruction.kind === "synchronize-srcu") return cache.isInFlight ? `waits for data accesses by ${cache.name}` : `drops ${cache.name} entries, waits for their users`;
  if (instruction.kind === "srcu-read-unlock" || actor.actor === "instruction") return undefined;
  if (instruction.kind === "assign" && instruction.value.kind === "srcu-read-lock") return cache.isInFlight ? undefined : `fills ${cache.name}`;
  const isRam = lowered.fromMainMemory.has(instruction);
  const place = isRam ? `${placeText(event.location).replace(/\[\d+\]$/, "")} in main memory` : placeText(event.location);
  if (/^(?:evicted|choice)\d+$/.test(place)) return undefined;
  if (/^later\d+$/.test(place)) return event.value === "1" ? "a later transaction: looks the context up again" : undefined;
  if (actor.actor === "queue") {
    if (/_finished$/.test(place)) return event.kind === "write" ? `${actor.name}: has run` : undefined;
    if (event.kind === "write") return /_done$/.test(place) ? `${actor.name}: reports completion` : `${actor.name}: ${event.value === "0" || event.value === nullObject ? `clears ${place}` : `sets ${place} to ${valueText(event.value, lowered.stands)}`}`;
    if (place.endsWith("_tail")) return event.value === "0" ? undefined : `${actor.name}: sees the doorbell`;
    return event.value === String(staleCommand) ? `${actor.name}: fetches the slot's OLD command` : `${actor.name}: fetches the command`;
  }
  if (event.kind === "write") return `writes to ${place}`;
  return event.kind === "read" ? `reads ${place}: ${event.value === "0" || event.value === nullObject ? "not present" : valueText(event.value, lowered.stands)}` : undefined;
}

function cacheOf(event: ExecutionEvent): { readonly name: string; readonly isInFlight: boolean } {
  const { instruction } = event;
  const domain = instruction?.kind === "synchronize-srcu" || instruction?.kind === "srcu-read-unlock" ? instruction.domain
    : instruction?.kind === "assign" && instruction.value.kind === "srcu-read-lock" ? instruction.value.domain : undefined;
  const location = domain?.kind === "address" ? domain.location : "";
  return { name: location.replace(/^v_(?:cache|inflight)_/, ""), isInFlight: location.startsWith("v_inflight_") };
}
