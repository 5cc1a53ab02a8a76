/** Devices: when they start, what they write, what they do not snoop; and refutations that would say nothing. */
import * as on from "../../driver/build.ts";
import type { Device, DriverObject, DriverProgram, Hazard, Step } from "../../driver/steps.ts";
import { cpu, dma, page, program, pte, thenReused, type Case } from "./case.ts";

const clear = on.clearPte("io_pte");
const flush = on.invalidate("flush", ["iotlb"]);
const go: DriverObject = { name: "go", seenBy: "device" };
const start = on.smpStoreRelease("go", 1);
const started = (negative: boolean): Pick<Device, "start"> => ({ start: { dst: "started", at: "go", negative } });

const emptyPte: DriverObject = { name: "io_pte", initial: 0, seenBy: "device" };
const notFound = (register: string): Hazard => ({ kind: "outcome", what: "spurious fault", when: [{ thread: "dma", register: "started", is: 1 }, { thread: "dma", register, is: 0 }] });
const map = (negative: boolean, ...steps: readonly Step[]): DriverProgram => program([cpu(...steps, start)], { objects: [page, emptyPte, go], devices: [{ ...dma, access: "none", ...started(negative) }], hazard: notFound("p") });
const set = on.setPte("io_pte", "page");

const emptyContext: DriverObject = { name: "dc", initial: 0, seenBy: "device" };
const attach = (...steps: readonly Step[]): DriverProgram => program([cpu(on.writeOnce("dc", "&io_pte"), ...steps, start)], {
  objects: [page, pte, emptyContext, go], hazard: notFound("root"),
  devices: [{ ...dma, access: "none", ...started(true), path: [{ dst: "root", at: "dc", cache: "context", role: "context" }, { dst: "p", cache: "iotlb" }] }],
});

const freshPage: DriverObject = { name: "page", initial: "uninitialised", seenBy: "device" };
const early = (negative: boolean): DriverProgram => program([cpu(set, flush, on.writeOnce("page", 1), start)], { objects: [freshPage, emptyPte, go], devices: [{ ...dma, ...started(negative) }], hazard: { kind: "uninitialised-read", object: "page" } });

const inRam = (name: string, initial: DriverObject["initial"]): DriverObject => ({ name, ...(initial === undefined ? {} : { initial }), seenBy: "device", nonCoherent: true });
const buffer = (...steps: readonly Step[]): DriverProgram => program([cpu(...steps)], { objects: [inRam("page", "uninitialised"), pte, go], devices: [{ ...dma, ...started(false) }], hazard: { kind: "uninitialised-read", object: "page" } });
const unsnooped = (...steps: readonly Step[]): DriverProgram => ({ ...thenReused(...steps), objects: [page, inRam("io_pte", "&page")] });

const writer: Device = { ...dma, access: "write" };
const written = (...steps: readonly Step[]): DriverProgram => ({ ...program([cpu(...steps)], { devices: [writer], hazard: { kind: "write-after-free", object: "page" } }) });
const writtenOnceTold = (...steps: readonly Step[]): DriverProgram => ({ ...written(...steps), objects: [page, pte, go], devices: [{ ...writer, ...started(false) }] });
const kept: Device = { ...writer, path: [{ dst: "p", at: "io_pte", cache: "iotlb" }], start: { dst: "started", at: "go", negative: true } };

const two = (second: string, ...steps: readonly Step[]): DriverProgram => ({ ...thenReused(clear, ...steps), devices: [dma, { ...dma, name: "dma2", path: [{ dst: "p", at: "io_pte", cache: second }] }] });

/** The context is there or not, the leaf has a name of its own. */
const named: Device = { ...dma, path: [{ dst: "root", at: "dc" }, { dst: "p", at: "io_pte", cache: "iotlb" }] };
const attachNamed = (...between: readonly Step[]): DriverProgram => program([
  cpu(clear, ...between, ...on.underRcu(on.rcuDereference("b", "bonds"), on.ifSet("b", on.flush("q", ["iotlb"]))), on.reusePage("page")),
  { role: "Attach", title: "attach", steps: [on.listAddRcu("bonds", "bond"), ...between, on.writeOnce("dc", 1)] },
], { objects: [page, pte, { name: "dc", seenBy: "device" }, { name: "bonds" }, { name: "bond", initial: 1 }], devices: [named] });

const direct = (value: number): DriverProgram => ({
  ...program([cpu(on.readOnce("f", "flag"), on.ifSet("f", [on.readOnce("x", "page")])), { role: "Other", title: "free", steps: [on.writeOnce("flag", value), on.freePages("page")] }]),
  objects: [page, { name: "flag", initial: 0 }], devices: [],
});

const unchecked: DriverProgram = {
  ...program([cpu(on.readOnce("f", "list"), on.readOnce("x", "*f"), on.writeOnce("dc.valid", 1), on.smpMb(), on.writeOnce("dc.valid", 0), on.invalidate("flush", ["context"]), on.reusePage("page"))]),
  objects: [page, pte, { name: "list", initial: "&entry" }, { name: "entry", initial: 1 }, { name: "dc", fields: [{ name: "root", initial: "&io_pte" }, { name: "valid" }], seenBy: "device" }],
  devices: [{ ...dma, path: [{ dst: "root", at: "dc.root", cache: "context", role: "context", valid: { dst: "v", at: "dc.valid", order: "valid-first" } }, { dst: "p" }] }],
};

export const deviceCases: readonly Case[] = [
  ["map and start, hardware keeps what is not present", "confirmed", "the old entry is cached", map(true, set)],
  ["the same with a flush after map", "refuted", "the old entry is gone before the start", map(true, set, flush)],
  ["the same with the flush before map", "confirmed", "it is cached again before map", map(true, flush, set)],
  ["map and start, hardware keeps nothing that is not present", "refuted", "the walk comes after the start", map(false, set)],
  ["the device is told before the map", "confirmed", "it may walk at once", program([cpu(start, set)], { objects: [page, emptyPte, go], devices: [{ ...dma, access: "none", ...started(false) }], hazard: notFound("p") })],
  ["attach and start, hardware keeps an invalid context", "confirmed", "the old context is cached", attach()],
  ["the same with a context flush", "refuted", "the old context is gone before the start", attach(on.invalidate("flush", ["context"]))],
  ["the same with an IOTLB flush", "confirmed", "the context is another cache's", attach(flush)],
  ["the page is filled before the start, walked early", "refuted", "the walk may be early, the access is not", early(true)],
  ["the page is filled before the start", "refuted", "all comes after the start", early(false)],
  ["a buffer that is not written back", "confirmed", "the device reads main memory", buffer(on.writeOnce("page", 1), on.smpMb(), start)],
  ["a buffer that is written back", "refuted", "main memory is up to date before the start", buffer(on.writeOnce("page", 1), on.dmaClean("page"), start)],
  ["a buffer that is written back too early", "confirmed", "the store stays in the cache", buffer(on.dmaClean("page"), on.writeOnce("page", 1), on.smpMb(), start)],
  ["an entry that is cleared and not written back", "confirmed", "the IOTLB is filled again from main memory", unsnooped(clear, flush)],
  ["an entry that is written back before the flush", "refuted", "main memory has no entry", unsnooped(clear, on.dmaClean("io_pte"), flush)],
  ["an entry that is written back after the flush", "confirmed", "it is fetched in between", unsnooped(clear, flush, on.dmaClean("io_pte"))],
  ["the device writes by a stale entry", "confirmed", "nothing was flushed", written(clear, on.reusePage("page"))],
  ["the device writes, flushed", "refuted", "its write is over", written(clear, flush, on.reusePage("page"))],
  ["the device writes and is told after the page is gone", "confirmed", "the next owner finds it later", { ...writtenOnceTold(clear, on.reusePage("page"), start), devices: [kept] }],
  ["the CPU writes to what it freed", "confirmed", "the next owner finds it later", { ...written(on.kfree("page"), on.writeOnce("page", 7)), devices: [] }],
  ["the CPU writes, then frees", "refuted", "the write is over", { ...written(on.writeOnce("page", 7), on.kfree("page")), devices: [] }],
  ["two devices, one cache, one flush", "refuted", "the flush covers both", two("iotlb", flush)],
  ["two devices with a cache each, one flush", "confirmed", "the other device's stays", two("walk", flush)],
  ["two devices with a cache each, both flushed", "refuted", "each is covered", two("walk", flush, on.invalidate("flush", ["walk"]))],
  ["attach race, full barriers, the leaf is named", "refuted", "no walk begins before the context is valid", attachNamed(on.smpMb())],
  ["attach race, no barriers, the leaf is named", "confirmed", "the store is in the store buffer", attachNamed()],
  ["a context that becomes invalid, beside a pointer nobody tests", "refuted", "an invalid context leads nowhere", unchecked],
  ["freed, and read where a condition never holds", "vacuous", "nobody reads it", direct(0)],
  ["freed, and read where a condition may hold", "confirmed", "it may hold late", direct(1)],
  ["unmap behind a context that is never valid", "vacuous", "no device comes so far", { ...thenReused(clear), objects: [page, pte, { name: "dc", seenBy: "device" }], devices: [named] }],
];
