/** Entries that live in the device change by the command itself: a virtio-iommu request, an s390 instruction. */
import type { Instruction, Source } from "../program.ts";
import { storeTo, type Lowering } from "./lowering.ts";
import { demand } from "./mistake.ts";
import type { Command } from "./steps.ts";

export function writesOf(all: Lowering, command: Command, source?: Source): readonly Instruction[] {
  return (command.writes ?? []).map(({ at: place, value }) => {
    const parsed = all.places.parse(place);
    demand(parsed.kind === "object", `a command writes ${place}: name an object`);
    return storeTo(all.address(place), all.operand(value, all.places.isPointerWord(parsed.object, parsed.word)), "once", source);
  });
}
