/**
 * The concurrent program that the emulator runs: what a litmus test says, and what the extraction
 * from kernel C produces. One type for both, so that everything extracted can be printed as a
 * litmus test, re-read, and gives the same counts.
 *
 * Two levels share the instruction type. *Base* instructions are those of the LKMM itself
 * (tools/memory-model/linux-kernel.def, Linux 6.12). *Lifetime* instructions (`allocate`, `free`,
 * `call-rcu`, `rcu-barrier`) speak of objects and callbacks; `lowerLifetimes` rewrites them into
 * base instructions, and the explorer accepts base instructions only.
 */

/** Where an instruction came from; `line` and `column` count from 1, columns in UTF-16 units. */
export type Source = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The original text, one line, as a reader should see it. */
  readonly text: string;
};

/** Access tags of linux-kernel.bell; `plain` is an access without a tag. */
export type AccessTag = "plain" | "once" | "acquire" | "release" | "noreturn";

/** Fence events, by their bell names. */
export type FenceKind =
  | "mb"
  | "rmb"
  | "wmb"
  | "barrier"
  | "rcu-lock"
  | "rcu-unlock"
  | "sync-rcu"
  | "before-atomic"
  | "after-atomic"
  | "after-spinlock"
  | "after-unlock-lock"
  | "after-srcu-read-unlock";

export type BinaryOperator = "+" | "-" | "*" | "/" | "&" | "|" | "^" | "==" | "!=" | "<" | ">" | "<=" | ">=";

/** Ordering of a read-modify-write; `mb` is the unsuffixed, fully ordered form. */
export type RmwOrder = "mb" | "relaxed" | "acquire" | "release";

/** What a read-modify-write computes from the old value. */
export type RmwFunction =
  | { readonly kind: "exchange"; readonly value: Expression }
  | { readonly kind: "arithmetic"; readonly operator: "+" | "-" | "&" | "|" | "^" | "andnot"; readonly operand: Expression }
  | { readonly kind: "compare-exchange"; readonly expected: Expression; readonly value: Expression }
  /** atomic_add_unless(x, a, u): adds `operand` unless the old value equals `unless`. */
  | { readonly kind: "add-unless"; readonly operand: Expression; readonly unless: Expression };

/**
 * What a read-modify-write evaluates to. `none`: no value (atomic_inc: R*[noreturn]).
 * `is-zero`, `is-negative`: *_and_test and add_negative, on the new value.
 * `success`: 1 when the store happened (atomic_add_unless).
 */
export type RmwResult = "old" | "new" | "none" | "is-zero" | "is-negative" | "success";

/** Operands of one expression are evaluated in parallel: no program order between their loads. */
export type Expression =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "register"; readonly name: string }
  /** The address of a global, `offset` bytes into it (4 bytes a word). */
  | { readonly kind: "address"; readonly location: string; readonly offset: number }
  | { readonly kind: "binary"; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "load"; readonly tag: "plain" | "once" | "acquire"; readonly address: Expression; readonly spelling?: string }
  | {
      readonly kind: "rmw";
      readonly address: Expression;
      readonly operation: RmwFunction;
      readonly order: RmwOrder;
      readonly result: RmwResult;
      readonly spelling?: string;
    }
  | { readonly kind: "srcu-read-lock"; readonly domain: Expression; readonly spelling?: string }
  /** Both outcomes are explored: 1 with the lock taken, 0 without. */
  | { readonly kind: "spin-trylock"; readonly lock: Expression }
  | { readonly kind: "spin-is-locked"; readonly lock: Expression };

/** `spelling` keeps the macro a person wrote (rcu_dereference, atomic_set, …) so that printing is faithful. */
export type Instruction = (
  | { readonly kind: "assign"; readonly register: string; readonly value: Expression }
  /** An expression for its effect only (atomic_inc(x); xchg(x, 1);). */
  | { readonly kind: "evaluate"; readonly value: Expression }
  | {
      readonly kind: "store";
      readonly tag: "plain" | "once" | "release";
      readonly address: Expression;
      readonly value: Expression;
      readonly spelling?: string;
    }
  | { readonly kind: "fence"; readonly fence: FenceKind; readonly spelling?: string }
  | { readonly kind: "spin-lock"; readonly lock: Expression }
  | { readonly kind: "spin-unlock"; readonly lock: Expression }
  | { readonly kind: "srcu-read-unlock"; readonly domain: Expression; readonly index: Expression; readonly spelling?: string }
  | { readonly kind: "synchronize-srcu"; readonly domain: Expression; readonly spelling?: string }
  | { readonly kind: "if"; readonly condition: Expression; readonly then: readonly Instruction[]; readonly else: readonly Instruction[] }
  /** Unrolled `unrollMax` times as herd7 does; an execution that needs more is cut and reported. */
  | { readonly kind: "while"; readonly condition: Expression; readonly body: readonly Instruction[] }
  | LifetimeInstruction
) & { readonly source?: Source };

/** Object life, removed by `lowerLifetimes`. */
export type LifetimeInstruction =
  /** The object's words get a new owner: any later access is a use after free. */
  | { readonly kind: "free"; readonly object: Expression; readonly how: string }
  /** Queues `callback` (a thread of the program) to run after a grace period of `flavour`. */
  | { readonly kind: "call-rcu"; readonly callback: string; readonly domain?: Expression }
  /** Waits until the named callbacks, queued before, have run. */
  | { readonly kind: "rcu-barrier"; readonly callbacks: readonly string[] };

export type Role = "Reader" | "Updater" | "Inv CPU" | "Attach CPU" | "Detach CPU" | "RCU callback" | "IOMMU / device" | "CPU";

export type Thread = {
  /** Column heading of the replay; litmus tests have none. */
  readonly role?: string;
  /** The kernel function this thread stands for. */
  readonly title?: string;
  /** Name a `call-rcu` refers to; only for callback threads. */
  readonly callback?: string;
  /** Parameter declarations as litmus text wants them; derived by the printer when absent. */
  readonly parameters?: readonly Parameter[];
  /** Local declarations `int r0;`, kept for printing. */
  readonly locals?: readonly Declaration[];
  readonly body: readonly Instruction[];
};

export type Parameter = { readonly type: string; readonly name: string };
export type Declaration = { readonly type: string; readonly name: string };

/** Initial contents: a number, or the address of another global. */
export type InitialValue =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "address"; readonly location: string; readonly offset: number };

export type Global = {
  readonly name: string;
  /** `int`, `int *`, `atomic_t`, `spinlock_t`, `struct srcu_struct`, … as declared; absent = not declared. */
  readonly type?: string;
  /** One value a word; a scalar has one. Missing words are 0. */
  readonly words: readonly InitialValue[];
  /** Declared with `[n]`. */
  readonly array?: boolean;
};

export type InitialRegister = { readonly thread: number; readonly register: string; readonly value: InitialValue };

/** `[x]` or `x` (a word of a global) or `1:r0`. */
export type Observable =
  | { readonly kind: "location"; readonly location: string; readonly offset: number }
  | { readonly kind: "register"; readonly thread: number; readonly register: string };

export type Proposition =
  | { readonly kind: "true" }
  | { readonly kind: "false" }
  | { readonly kind: "equals"; readonly left: Observable; readonly right: InitialValue | Observable }
  | { readonly kind: "not"; readonly operand: Proposition }
  | { readonly kind: "and" | "or" | "implies"; readonly left: Proposition; readonly right: Proposition };

export type Quantifier = "exists" | "forall" | "~exists";

export type Program = {
  readonly name: string;
  /** Comment lines printed above the init section, without comment signs. */
  readonly comments?: readonly string[];
  readonly globals: readonly Global[];
  readonly initialRegisters?: readonly InitialRegister[];
  readonly threads: readonly Thread[];
  readonly locations?: readonly Observable[];
  readonly filter?: Proposition;
  readonly quantifier: Quantifier;
  readonly condition: Proposition;
  /** The file's own `Result:` comment, first word and the rest, when it has one. */
  readonly expected?: string;
};
