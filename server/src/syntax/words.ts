/**
 * What an identifier is to the rewriting: a keyword class, a known attribute macro, or nothing special (0).
 * Numbers, because they live in a Uint8Array beside the tokens.
 */
export const word = {
  plain: 0,
  /** Names that can only be a type: `int`, `u32`, `size_t`. */
  type: 1,
  /** struct, union, enum */
  tag: 2,
  qualifier: 3,
  storage: 4,
  statement: 5,
  sizeof: 6,
  typeof: 7,
  asm: 8,
  attribute: 9,
  /** An attribute that takes arguments: `__must_hold(&l)`. */
  attributeCall: 10,
  /** `__auto_type`: a whole type in one word the grammar does not know. */
  autoType: 11,
  /** offsetof and alignof: calls with a type argument that the grammar knows only in their plainest form. */
  sizeofCall: 12,
} as const;

export type WordClass = (typeof word)[keyof typeof word];

const namesByClass: readonly (readonly [WordClass, string])[] = [
  [
    word.type,
    "int char void short long unsigned signed float double bool _Bool __int128 u8 u16 u32 u64 s8 s16 s32 s64 " +
      "__u8 __u16 __u32 __u64 __s8 __s16 __s32 __s64 __le16 __le32 __le64 __be16 __be32 __be64 size_t ssize_t " +
      "loff_t pid_t gfp_t dma_addr_t phys_addr_t resource_size_t uint8_t uint16_t uint32_t uint64_t int8_t int16_t " +
      "int32_t int64_t uintptr_t intptr_t ptrdiff_t irqreturn_t spinlock_t atomic_t",
  ],
  [word.tag, "struct union enum"],
  [word.qualifier, "const volatile"],
  [word.storage, "static extern register inline auto typedef __inline __inline__"],
  [word.statement, "if else for while do switch case default return goto break continue"],
  [word.sizeof, "sizeof"],
  [word.typeof, "typeof __typeof__ __typeof typeof_unqual __typeof_unqual__ typeof_member TYPEOF_UNQUAL __rcu_noderef_typeof"],
  [word.asm, "asm __asm__ __asm asm_inline asm_volatile_goto asm_goto_output"],
  [word.autoType, "__auto_type"],
  [word.sizeofCall, "offsetof __builtin_offsetof alignof __alignof__ __alignof _Alignof _Generic"],
  [
    word.attribute,
    "restrict __restrict __restrict__ __const __const__ __volatile __volatile__ __signed __signed__ __extension__ " +
      "_Noreturn _Atomic _Thread_local __thread __cdecl __stdcall __fastcall",
  ],
  [word.attributeCall, "__attribute__ __attribute __declspec _Alignas alignas"],
];

export const keywordClasses: ReadonlyMap<string, WordClass> = new Map(
  namesByClass.flatMap(([wordClass, names]) => names.split(" ").map((name) => [name, wordClass] as const)),
);
