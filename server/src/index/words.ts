/** Words that the extraction knows before it reads a file. They get the first ids, so that one comparison tells them. */

import { callbackRows } from "./callback-apis.ts";
import type { CallbackRow } from "./callback-apis.ts";
import type { NamePool } from "./name-pool.ts";

export const wordClass = { plain: 0, notACall: 1, type: 2, static: 3, inline: 4, tag: 5, typedef: 6, qualifier: 7, attributeCall: 8, callback: 9 } as const;

const wordsByClass: readonly (readonly [number, string])[] = [
  [wordClass.notACall, "if for while switch return sizeof typeof __typeof__ __typeof typeof_unqual typeof_member offsetof __builtin_offsetof alignof __alignof__ _Alignof _Generic asm __asm__ __asm defined case do else goto break continue default true false NULL __builtin_constant_p __builtin_types_compatible_p __builtin_choose_expr __builtin_va_arg va_arg BUILD_BUG_ON static_assert _Static_assert"],
  [wordClass.type, "void int char long short unsigned signed float double bool _Bool u8 u16 u32 u64 s8 s16 s32 s64 size_t ssize_t"],
  [wordClass.static, "static STATIC"],
  [wordClass.inline, "inline __inline __inline__ __always_inline"],
  [wordClass.tag, "struct union enum"],
  [wordClass.typedef, "typedef"],
  [wordClass.qualifier, "const volatile register auto extern __rcu __user __iomem __percpu __force restrict"],
  [wordClass.attributeCall, "__attribute__ __attribute __declspec __printf __scanf __section __aligned __acquires __releases __must_hold __cond_acquires __acquire_shared __alloc_size __realloc_size __counted_by __alias __assume_aligned __no_sanitize __nonnull __free __cleanup __guarded_by __diagnose_as __copy __ref __malloc __target __bpf_md_ptr"],
];

export class KnownWords {
  readonly #classes: Uint8Array;
  readonly #callbacks = new Map<number, CallbackRow>();
  /** By first byte and length: whether a known word looks so. Most words of a file are told apart by that. */
  readonly #shapes = new Uint8Array(1 << 13);

  /** `pool` must be empty. */
  constructor(pool: NamePool) {
    pool.internText("");
    const classes: number[] = [wordClass.plain];
    const add = (name: string, known: number): number => {
      const id = pool.internText(name);
      classes[id] = known;
      this.#shapes[shapeOf(name.charCodeAt(0), name.length)] = 1;
      return id;
    };
    for (const [known, names] of wordsByClass) for (const name of names.split(" ")) add(name, known);
    for (const row of callbackRows) for (const name of row.names) this.#callbacks.set(add(name, wordClass.callback), row);
    this.#classes = Uint8Array.from(classes);
  }

  /** False: no known word begins with that byte and has that length. */
  mayBeKnown(firstByte: number, length: number): boolean {
    return this.#shapes[shapeOf(firstByte, length)] === 1;
  }

  classOf(id: number): number {
    return id < this.#classes.length ? this.#classes[id]! : wordClass.plain;
  }

  callbackOf(id: number): CallbackRow | undefined {
    return this.#callbacks.get(id);
  }
}

const shapeOf = (firstByte: number, length: number): number => ((firstByte & 127) << 6) | (length & 63);
