/** Entries of page tables and contexts, and the caches that are made of them. */
import * as on from "../../driver/build.ts";
import type { Device, DriverObject, DriverProgram, Step } from "../../driver/steps.ts";
import { cpu, dma, page, program, pte, thenReused, type Case } from "./case.ts";

const flushed = (...caches: readonly string[]): Step => on.invalidate("flush", caches);
const unwaited = (...caches: readonly string[]): Step => on.invalidate("flush", caches, { waitsForData: false });
const sync = on.invalidate("sync", []);
const clear = on.clearPte("io_pte");

const pmd: DriverObject = { name: "pmd", initial: "&io_pte", seenBy: "device" };
const walking: Device = { ...dma, path: [{ dst: "table", at: "pmd", cache: "walk", role: "table" }, { dst: "p", cache: "iotlb" }] };
/** Two levels; the upper entry goes, and the page is used again. */
const twoLevels = (...steps: readonly Step[]): DriverProgram => ({ ...thenReused(...steps), objects: [page, pte, pmd], devices: [walking] });
const clearPmd = on.writeOnce("pmd", 0);

const dc: DriverObject = { name: "dc", initial: "&io_pte", seenBy: "device" };
const behindContext: Device = { ...dma, path: [{ dst: "root", at: "dc", cache: "context", role: "context" }, { dst: "p", cache: "iotlb" }] };
const detach = (device: Device, ...steps: readonly Step[]): DriverProgram => ({ ...thenReused(on.writeOnce("dc", 0), ...steps), objects: [page, pte, dc], devices: [device] });

const pd: DriverObject = { name: "pd", initial: "&io_pte", seenBy: "device" };
const withPasid: Device = { ...dma, path: [{ dst: "root", at: "dc", cache: "context", role: "context" }, { dst: "first", cache: "pasid", role: "process" }, { dst: "p", cache: "iotlb" }] };
const pasidGone = (device: Device, ...steps: readonly Step[]): DriverProgram => ({ ...thenReused(on.writeOnce("pd", 0), ...steps), objects: [page, pte, pd, { ...dc, initial: "&pd" }], devices: [device] });
const ats = { ats: { cache: "atc" } } as const;

const again: Device = { ...behindContext, again: { dst: "later", at: "dc" } };
/** The tag of the old domain is given to the new one. */
const tagUsedAgain = (...wipe: readonly Step[]): DriverProgram => ({
  ...program([cpu(on.writeOnce("dc", 0), ...wipe, on.reusePage("page"), on.smpMb(), on.writeOnce("dc", "&new_pte"))]),
  objects: [page, pte, dc, { name: "new_pte", seenBy: "device" }], devices: [again],
  hazard: { kind: "use-after-free", object: "page", when: [{ thread: "dma", register: "later", is: "&new_pte" }] },
});

const usedAgainAndDetached = (...last: readonly Step[]): DriverProgram => ({
  ...tagUsedAgain(), threads: [cpu(on.writeOnce("dc", 0), flushed("context"), on.writeOnce("dc", "&new_pte"), on.smpMb(), on.writeOnce("dc", 0), ...last, on.reusePage("page"))],
});

const dc2: DriverObject = { name: "dc2", initial: "&io_pte", seenBy: "device" };
const second: Device = { ...behindContext, name: "dma2", path: [{ dst: "root", at: "dc2", cache: "context", role: "context" }, { dst: "p", cache: "iotlb" }] };
const bothDetached = (...steps: readonly Step[]): DriverProgram => ({ ...thenReused(on.writeOnce("dc", 0), on.writeOnce("dc2", 0), ...steps), objects: [page, pte, dc, dc2], devices: [behindContext, second] });
const oneDetached = (...steps: readonly Step[]): DriverProgram => ({ ...bothDetached(), threads: [cpu(on.writeOnce("dc", 0), ...steps, on.reusePage("page"))] });

const twoWords = (...steps: readonly Step[]): DriverProgram => ({
  ...thenReused(...steps), objects: [page, pte, { name: "dc", fields: [{ name: "root", initial: "&io_pte" }, { name: "valid", initial: 1 }], seenBy: "device" }],
  devices: [{ ...dma, path: [{ dst: "root", at: "dc.root", cache: "context", role: "context", valid: { dst: "v", at: "dc.valid", order: "any-order" } }, { dst: "p", cache: "iotlb" }] }],
});

export const cacheCases: readonly Case[] = [
  ["unmap without a flush", "confirmed", "the entry is cached", thenReused(clear)],
  ["unmap and flush", "refuted", "no entry outlives the flush, and a new one is not present", thenReused(clear, flushed("iotlb"))],
  ["flush, then unmap", "confirmed", "the entry is fetched again before it is cleared", thenReused(flushed("iotlb"), clear)],
  ["the flush of another cache", "confirmed", "nothing covers the entry", thenReused(clear, flushed("walk"))],
  ["a flush that the cache needs no more", "confirmed", "an empty cache waits for nothing", thenReused(clear, on.invalidate("flush", ["iotlb"], { assumeEmpty: true }))],
  ["the upper entry goes, only the walk cache is flushed", "confirmed", "a leaf entry in the IOTLB is found without a walk", twoLevels(clearPmd, flushed("walk"))],
  ["the upper entry goes, only the IOTLB is flushed", "confirmed", "the walk cache leads to the leaf entry again", twoLevels(clearPmd, flushed("iotlb"))],
  ["the upper entry goes, IOTLB before walk cache", "confirmed", "the IOTLB is filled again by way of the walk cache", twoLevels(clearPmd, flushed("iotlb"), flushed("walk"))],
  ["the upper entry goes, walk cache before IOTLB", "refuted", "what the walk cache led to is gone with the second flush", twoLevels(clearPmd, flushed("walk"), flushed("iotlb"))],
  ["the upper entry goes, both in one command", "refuted", "no entry survives that was made of a covered one", twoLevels(clearPmd, flushed("walk", "iotlb"))],
  ["the same, named the other way round", "refuted", "the order of the names says nothing", twoLevels(clearPmd, flushed("iotlb", "walk"))],
  ["the leaf goes, the walk cache stays", "refuted", "the walk leads to the cleared leaf", twoLevels(clear, flushed("iotlb"))],
  ["the table is freed after the walk cache's flush", "refuted", "no walk is on the way to it", { ...twoLevels(clearPmd, flushed("walk"), on.freePages("io_pte")), hazard: { kind: "use-after-free", object: "io_pte" } }],
  ["the table is freed after the IOTLB's flush", "confirmed", "a walk may be on the way to it", { ...twoLevels(clearPmd, flushed("iotlb"), on.freePages("io_pte")), hazard: { kind: "use-after-free", object: "io_pte" } }],
  ["detach and context flush", "refuted", "each transaction looks the context up", detach(behindContext, flushed("context"))],
  ["detach and IOTLB flush", "confirmed", "the cached context leads to the leaf again", detach(behindContext, flushed("iotlb"))],
  ["unmap behind a context, only the context is flushed", "confirmed", "the context is found again, and the IOTLB entry with it", { ...detach(behindContext), threads: [cpu(clear, flushed("context"), on.reusePage("page"))] }],
  ["detach, context flush, attach to the same tables, unmap without a flush", "confirmed", "the IOTLB entry is of the same domain", { ...detach(behindContext), threads: [cpu(on.writeOnce("dc", 0), flushed("context"), clear, on.wmb(), on.writeOnce("dc", "&io_pte"), on.reusePage("page"))] }],
  ["the same, wiped before the attach", "refuted", "the entry is gone, and the leaf is clear", { ...detach(behindContext), threads: [cpu(on.writeOnce("dc", 0), flushed("context"), clear, flushed("iotlb"), on.writeOnce("dc", "&io_pte"), on.reusePage("page"))] }],
  ["the PASID's leaf goes, context and PASID entry are flushed", "confirmed", "both are found again, and the IOTLB entry with them", { ...pasidGone(withPasid), threads: [cpu(clear, flushed("context"), flushed("pasid"), on.reusePage("page"))] }],
  ["detach where contexts are not cached, no flush", "confirmed", "the transaction in flight is not waited for", detach({ ...behindContext, path: [{ dst: "root", at: "dc" }, { dst: "p", cache: "iotlb" }] })],
  ["detach, the context flush does not wait for data", "confirmed", "the access in flight goes on", detach(behindContext, unwaited("context"))],
  ["the same, and a sync that waits for data", "refuted", "the sync waits for the access", detach(behindContext, unwaited("context"), sync)],
  ["detach, both flushes wait for no data", "confirmed", "the access in flight goes on", detach(behindContext, unwaited("context"), unwaited("iotlb"))],
  ["unmap, the flush does not wait for data", "confirmed", "the access in flight goes on", thenReused(clear, unwaited("iotlb"))],
  ["the same, and a sync that waits for data", "refuted", "the sync waits for the access", thenReused(clear, unwaited("iotlb"), sync)],
  ["a sync before the flush that does not wait", "confirmed", "the access may begin after the sync", thenReused(clear, sync, unwaited("iotlb"))],
  ["the PASID entry goes, and its translations", "refuted", "nothing leads to the leaf", pasidGone(withPasid, flushed("pasid"), flushed("iotlb"))],
  ["the PASID entry goes, the context cache is flushed", "confirmed", "the PASID entry is another cache's", pasidGone(withPasid, flushed("context"))],
  ["the PASID entry goes, the device keeps its translation", "confirmed", "a translated request brings no PASID to look up", pasidGone({ ...withPasid, ...ats }, flushed("pasid"), flushed("iotlb"))],
  ["the same, and the device's own is flushed last", "refuted", "nothing is left to make one of", pasidGone({ ...withPasid, ...ats }, flushed("pasid"), flushed("iotlb"), flushed("atc"))],
  ["unmap with ATS, the IOTLB only", "confirmed", "the device keeps its translation", { ...thenReused(clear, flushed("iotlb")), devices: [{ ...dma, ...ats }] }],
  ["unmap with ATS, the device first", "confirmed", "it asks again and is answered from the IOTLB", { ...thenReused(clear, flushed("atc"), flushed("iotlb")), devices: [{ ...dma, ...ats }] }],
  ["unmap with ATS, the device last", "refuted", "it asks again and finds nothing", { ...thenReused(clear, flushed("iotlb"), flushed("atc")), devices: [{ ...dma, ...ats }] }],
  ["unmap with ATS, the device does not wait for data", "confirmed", "its access in flight goes on", { ...thenReused(clear, flushed("iotlb"), unwaited("atc")), devices: [{ ...dma, ...ats }] }],
  ["the tag is used again, nothing wiped", "confirmed", "the entry is found by its tag", tagUsedAgain(flushed("context"))],
  ["the tag is used again, wiped after the context", "refuted", "nothing fills an entry any more", tagUsedAgain(flushed("context"), flushed("iotlb"))],
  ["the tag is used again, not wiped, and the new context is flushed before the page is used again", "refuted", "no transaction of either domain is under way", usedAgainAndDetached(flushed("context"))],
  ["the same without the last flush", "confirmed", "the new context is cached", usedAgainAndDetached()],
  ["two devices, one context flushed for both, one leaf each", "refuted", "no transaction finds its context", bothDetached(flushed("context"))],
  ["two devices, the second one's context stays", "confirmed", "its IOTLB entry is found", oneDetached(flushed("context"))],
  ["the context is flushed twice, the leaf's cache never, the context stays", "confirmed", "flushes of the context leave the IOTLB", { ...detach(behindContext), threads: [cpu(clear, flushed("context"), flushed("context"), on.reusePage("page"))] }],
  ["a context of two words, invalid and flushed", "refuted", "its valid word is looked up for each transaction", twoWords(on.writeOnce("dc.valid", 0), flushed("context"))],
  ["a context of two words, the leaf goes, the context is flushed", "confirmed", "it is still valid, and the IOTLB entry is found", twoWords(clear, flushed("context"))],
  ["the tag is used again, wiped before the context", "confirmed", "the cached context fills it again", tagUsedAgain(flushed("iotlb"), flushed("context"))],
];
