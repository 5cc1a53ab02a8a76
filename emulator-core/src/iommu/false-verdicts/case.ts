/** Small programs whose answer is known by reasoning, and how they are written down. */
import { reusePage } from "../../driver/build.ts";
import type { Device, DriverObject, DriverProgram, DriverThread, Hazard, Step } from "../../driver/steps.ts";

/** `vacuous`: undecided, because nothing ever meets the situation of the hazard. */
export type Truth = "confirmed" | "refuted" | "vacuous";

/** What is done, why the answer is so, and the program. */
export type Case = readonly [what: string, truth: Truth, why: string, program: DriverProgram];

export const page: DriverObject = { name: "page", initial: 1, seenBy: "device" };
export const pte: DriverObject = { name: "io_pte", initial: "&page", seenBy: "device" };
export const stalePage: Hazard = { kind: "use-after-free", object: "page" };

export const dma: Device = { name: "dma", title: "DMA", path: [{ dst: "p", at: "io_pte", cache: "iotlb" }], access: "read" };

export const cpu = (...steps: readonly Step[]): DriverThread => ({ role: "CPU", title: "unmap", steps });

/** One page behind one leaf entry and one device, unless said otherwise; every cache and queue that is named is declared. */
export function program(threads: readonly DriverThread[], more: Partial<DriverProgram> = {}): DriverProgram {
  return { name: "case", objects: [page, pte], caches: ["context", "pasid", "walk", "iotlb", "atc"], queues: ["q", "q2"], threads, devices: [dma], hazard: stalePage, ...more };
}

/** The CPU does this, and then the page is used again. */
export const thenReused = (...steps: readonly Step[]): DriverProgram => program([cpu(...steps, reusePage("page"))]);
