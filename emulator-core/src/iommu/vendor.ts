/**
 * What a driver writer has to know of an IOMMU, as data: which caches it has, what invalidates each, how a command
 * completes, what orders a command before its doorbell. Programs are made of it in `driver-steps.ts` and `pairs.ts`
 * by code that knows no vendor: a difference that seems to need code shows a missing field.
 * One file each in `vendors/`; every fact says where it was read.
 */
import type { ArchitectureName, BarrierName, StepOf } from "../driver/steps.ts";

/**
 * `source`: a section of a specification, or path and function of Linux 6.12 (kernel paths start with drivers/, arch/, include/).
 * `assumption`: no document could be checked for it; it is printed with every verdict of a program that leans on it.
 */
export type Fact<T> = { readonly value: T; readonly source: string; readonly assumption?: true };

/**
 * By what an entry is: `iotlb` leaf translations, `walk` entries for tables on the way to them, `context` entries per
 * device (DC, STE, context entry, DTE, IOTA), `pasid` entries per process (PC, CD, PASID entry, GCR3 entry), `atc` the
 * device's own copies of leaf translations (ATS).
 */
export type CacheKind = "iotlb" | "walk" | "context" | "pasid" | "atc";

/** In the order of a translation; a device's own cache comes last. */
export const cacheKinds: readonly CacheKind[] = ["context", "pasid", "walk", "iotlb", "atc"];

/** May an entry that is not present be remembered? `reported`: if the hardware says so, by the flag named. */
export type NotPresentCaching = { readonly kind: "never" } | { readonly kind: "may" } | { readonly kind: "reported"; readonly by: string };

export type VendorCache = {
  readonly kind: CacheKind;
  /** What the specification or the driver calls the entry: "STE", "device context". */
  readonly entry: Fact<string>;
  /** `device`: the entry is no memory of the CPU's, a command changes it and with that invalidates it. */
  readonly entriesIn: Fact<"memory" | "device">;
  /** The command that invalidates it, as driver or specification spell it. */
  readonly invalidatedBy: Fact<string>;
  /** A present entry that changes stays in use until it is invalidated. */
  readonly mustFlush: Fact<boolean>;
  /** Caches that this command leaves as they are, although they were filled by way of such an entry. */
  readonly leaves: Fact<readonly CacheKind[]>;
  /** Caches that the driver invalidates after this one when such an entry is taken away. */
  readonly followedBy: Fact<readonly CacheKind[]>;
  /** Caches that have to be invalidated before it, or it is filled from them again. `separately`: their completion is waited for in between. */
  readonly after: Fact<{ readonly caches: readonly CacheKind[]; readonly separately: boolean }>;
  readonly notPresent: Fact<NotPresentCaching>;
};

/** `bits`: only if the command asks for it by these bits. */
export type DataWait = { readonly kind: "always" } | { readonly kind: "bits"; readonly command: string; readonly bits: readonly string[] };

/** How commands reach the hardware. */
export type Submission =
  | {
    readonly kind: "queue";
    /** Between the slots and the doorbell; null where the doorbell's accessor orders by itself. */
    readonly barrier: Fact<BarrierName | null>;
    readonly doorbell: Fact<StepOf<"doorbell">["as"]>;
    /** One doorbell for all commands up to a completion, or one for each. */
    readonly rung: Fact<"per-submission" | "per-command">;
  }
  /** A synchronous instruction or hypercall: nothing is queued. */
  | { readonly kind: "instruction" };

/** How the CPU learns that commands are complete. Of several ways the first is taken. */
export type Completion =
  | {
    readonly kind: "polled";
    readonly command: Fact<string>;
    readonly seenBy: Fact<readonly [StepOf<"poll">["as"], ...(readonly StepOf<"poll">["as"][])]>;
    /** After the poll; null where a control dependency or the accessor is all there is. */
    readonly barrier: Fact<BarrierName | null>;
  }
  /** The instruction has completed when it has ended; `reports` is where it says so. */
  | { readonly kind: "instruction"; readonly reports: Fact<string> };

/** How the words of one context entry are fetched. `atomic`: all of them at once. */
export type ContextFetch = "valid-first" | "any-order" | "atomic";

/** A present entry may become another present one: `flush-after` at any time, `break-before-make` by way of not present, `by-command` where a command does it. */
export type ValidToValid = "flush-after" | "break-before-make" | "by-command";

export type VendorModel = {
  /** File name under `vendors/`. */
  readonly id: string;
  readonly title: string;
  /** The first is the one its programs are judged for. */
  readonly architectures: Fact<readonly [ArchitectureName, ...(readonly ArchitectureName[])]>;
  readonly caches: readonly VendorCache[];
  readonly submission: Submission;
  readonly completion: Completion;
  /** Does a completed invalidation wait for transactions that already use an entry? */
  readonly dataWait: Fact<DataWait>;
  readonly contextFetch: Fact<ContextFetch>;
  /** Bits that are read and written as one. */
  readonly atomicBits: Fact<number>;
  /** Do table walks snoop the CPUs' caches? `reported`: some do not, and the driver writes back. */
  readonly coherentWalk: Fact<"always" | "reported">;
  readonly validToValid: Fact<ValidToValid>;
};

export function cacheOf(vendor: VendorModel, kind: CacheKind): VendorCache | undefined {
  return vendor.caches.find((cache) => cache.kind === kind);
}

/** A fact by its name: `dataWait`, `iotlb.notPresent`, `completion.seenBy`. */
export type NamedFact = { readonly name: string; readonly fact: Fact<unknown> };

export function factsOf(vendor: VendorModel): readonly NamedFact[] {
  const inside = (prefix: string, record: object): readonly NamedFact[] => Object.entries(record).flatMap(([field, value]): readonly NamedFact[] => (isFact(value) ? [{ name: `${prefix}${field}`, fact: value }] : []));
  return [...inside("", vendor), ...inside("submission.", vendor.submission), ...inside("completion.", vendor.completion), ...vendor.caches.flatMap((cache) => inside(`${cache.kind}.`, cache))];
}

function isFact(value: unknown): value is Fact<unknown> {
  return typeof value === "object" && value !== null && "value" in value && "source" in value;
}

/** Shorthand for the records: one line a fact. */
export const fact = <const T>(value: T, source: string): Fact<T> => ({ value, source });
/** Nobody's document, or none that could be checked. */
export const assumed = <const T>(value: T, source: string): Fact<T> => ({ value, source, assumption: true });
