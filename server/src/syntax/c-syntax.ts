/**
 * Kernel C as the rest of the server sees it: plain immutable data, no tree-sitter node.
 * Every offset is half-open [start, end) in UTF-16 code units of the *original* text, the unit LSP uses.
 * Names and texts are the original ones, never those of the rewritten text that was parsed.
 */

export type Span = { readonly start: number; readonly end: number };

export type AssignmentOperator = "=" | "+=" | "-=" | "*=" | "/=" | "%=" | "&=" | "|=" | "^=" | "<<=" | ">>=";

export type Expr = Span &
  (
    | { readonly kind: "identifier"; readonly name: string }
    /** Number, string or character, as written. */
    | { readonly kind: "literal"; readonly text: string }
    /** `callee` is an identifier for direct calls and macros, a member expression for ops calls. */
    | { readonly kind: "call"; readonly callee: Expr; readonly args: readonly Expr[] }
    | { readonly kind: "member"; readonly object: Expr; readonly field: string; readonly arrow: boolean; readonly fieldSpan: Span }
    | { readonly kind: "index"; readonly object: Expr; readonly index: Expr }
    | { readonly kind: "unary"; readonly operator: "*" | "&" | "!" | "-" | "+" | "~"; readonly operand: Expr }
    | { readonly kind: "update"; readonly operator: "++" | "--"; readonly prefix: boolean; readonly operand: Expr }
    | { readonly kind: "binary"; readonly operator: string; readonly left: Expr; readonly right: Expr }
    | { readonly kind: "assignment"; readonly operator: AssignmentOperator; readonly target: Expr; readonly value: Expr }
    /** `then` is absent in the elvis form `a ?: b`. */
    | { readonly kind: "conditional"; readonly condition: Expr; readonly then?: Expr; readonly else: Expr }
    | { readonly kind: "cast"; readonly type: string; readonly operand: Expr }
    /** sizeof, alignof, offsetof, typeof: evaluated at compile time, touches no memory. */
    | { readonly kind: "sizeof"; readonly text: string }
    | { readonly kind: "comma"; readonly parts: readonly Expr[] }
    /** `{ .attach_dev = f }`, with `type` for a compound literal `(struct iommu_domain_ops){…}`. */
    | { readonly kind: "initializer"; readonly type?: string; readonly entries: readonly InitializerEntry[] }
    | { readonly kind: "statement-expression"; readonly body: readonly Stmt[] }
    /** A type where an expression is expected (`container_of(x, struct foo, member)`): "struct foo". */
    | { readonly kind: "type"; readonly text: string }
    | { readonly kind: "unknown"; readonly text: string }
  );

/** `designator` is the field path without the leading dot ("attach_dev", "a.b"), or "[3]". */
export type InitializerEntry = { readonly designator?: string; readonly value: Expr };

export type Attribute = Span & { readonly name: string; readonly text: string };

export type Declarator = Span & {
  readonly name: string;
  readonly nameSpan: Span;
  /** Base type and stars, normalised: "struct foo *", "unsigned long". */
  readonly type: string;
  readonly isArray: boolean;
  readonly init?: Expr;
  /** `__free(kfree)`, `__rcu`, … that stood on the declarator. */
  readonly attributes: readonly Attribute[];
};

export type SwitchCase = Span & { readonly label?: Expr; readonly isDefault: boolean; readonly body: readonly Stmt[] };

export type Stmt = Span &
  (
    | { readonly kind: "expression"; readonly expression: Expr }
    | { readonly kind: "declaration"; readonly isStatic: boolean; readonly declarators: readonly Declarator[] }
    | { readonly kind: "if"; readonly condition: Expr; readonly then: Stmt; readonly else?: Stmt }
    | { readonly kind: "while"; readonly condition: Expr; readonly body: Stmt }
    | { readonly kind: "do"; readonly condition: Expr; readonly body: Stmt }
    | { readonly kind: "for"; readonly init?: Stmt; readonly condition?: Expr; readonly update?: Expr; readonly body: Stmt }
    /** A loop macro: `list_for_each_entry_rcu(bond, &domain->bonds, list) …`. */
    | { readonly kind: "macro-loop"; readonly macro: string; readonly args: readonly Expr[]; readonly headSpan: Span; readonly body: Stmt }
    /**
     * `guard(rcu)();` (no body: lasts to the end of the enclosing block) or
     * `scoped_guard(spinlock_irqsave, &l) { … }`. `guardClass` is the first argument's name.
     */
    | { readonly kind: "guard"; readonly macro: string; readonly guardClass: string; readonly args: readonly Expr[]; readonly body?: Stmt }
    | { readonly kind: "switch"; readonly value: Expr; readonly cases: readonly SwitchCase[] }
    | { readonly kind: "return"; readonly value?: Expr }
    | { readonly kind: "break" }
    | { readonly kind: "continue" }
    | { readonly kind: "goto"; readonly label: string }
    /** The label stands before `body`. */
    | { readonly kind: "label"; readonly name: string; readonly body?: Stmt }
    | { readonly kind: "block"; readonly body: readonly Stmt[] }
    /**
     * An `#if` group whose arms are whole statements: one of them, or none, is in a build. No scope of its own: what an
     * arm declares is there behind the group.
     */
    | { readonly kind: "arms"; readonly arms: readonly BuildArm[] }
    | { readonly kind: "empty" }
    /** Inline assembly, or what the grammar could not read; analysis must treat it as doing anything. */
    | { readonly kind: "asm"; readonly text: string }
    | { readonly kind: "unknown"; readonly text: string }
  );

/** A condition of the preprocessor, the same throughout a build: `text` is a symbol that is defined or set, or what stands behind `#if`. */
export type BuildCondition = { readonly text: string; readonly isNegated: boolean };

/** `condition` is absent where the arm is there whenever none of those before it is. */
export type BuildArm = { readonly condition?: BuildCondition; readonly body: readonly Stmt[] };

export type FunctionDef = Span & {
  readonly name: string;
  readonly nameSpan: Span;
  readonly isStatic: boolean;
  readonly isInline: boolean;
  readonly returnType: string;
  /** `attributes` (`__user`, `__maybe_unused`) is absent when there is none. A variadic end is `{ name: "...", type: "..." }`. */
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly nameSpan?: Span; readonly attributes?: readonly Attribute[] }[];
  readonly body: Stmt & { readonly kind: "block" };
  /** `__must_hold(&l)`, `__acquires(RCU)`, `__init`, `__exit`, … */
  readonly attributes: readonly Attribute[];
  /** The body holds an ERROR or MISSING node: what stands in `body` may be incomplete. */
  readonly hasError: boolean;
  /** The comment that ends directly above the function (kernel-doc with its "Context:" line), or "". */
  readonly comment: string;
};

export type FieldDef = Span & {
  readonly name: string;
  readonly nameSpan: Span;
  readonly type: string;
  readonly isArray: boolean;
  readonly isBitfield: boolean;
  readonly attributes: readonly Attribute[];
  /** An anonymous or inline struct or union declared here. */
  readonly nested?: StructDef;
};

export type StructDef = Span & {
  readonly kind: "struct" | "union";
  /** Absent when anonymous. A typedef of an anonymous struct carries the typedef's name. */
  readonly name?: string;
  /** From after `{` to before `}`. */
  readonly bodySpan: Span;
  readonly fields: readonly FieldDef[];
  readonly attributes: readonly Attribute[];
};

export type GlobalDef = Span & { readonly isStatic: boolean; readonly declarator: Declarator };

export type MacroDef = Span & { readonly name: string; readonly parameters?: readonly string[]; readonly body: string };

/** A macro call at file scope: `module_exit(x)`, `DEFINE_SPINLOCK(lock)`, `LIST_HEAD(list)`, `EXPORT_SYMBOL_GPL(f)`. */
export type TopLevelCall = Span & { readonly name: string; readonly args: readonly string[] };

export type Include = Span & { readonly path: string; readonly system: boolean };

/** A region that could not be followed. Lines count from 1, `endLine` inclusive. */
export type NotAnalysed = { readonly line: number; readonly endLine: number; readonly reason: string };

/**
 * An arm of an `#if` group that was not followed; the span is that of its code, `directive` the line that opened it.
 * `acts`: some build has it, and it holds a call or an assignment.
 */
export type SkippedArm = Span & { readonly directive: string; readonly acts: boolean };

/** A further function of a name, in another arm of a file-level `#if`: not among the functions. */
export type OtherDefinition = Span & { readonly name: string };

export type TranslationUnit = {
  readonly text: string;
  readonly functions: readonly FunctionDef[];
  readonly structs: readonly StructDef[];
  readonly globals: readonly GlobalDef[];
  readonly includes: readonly Include[];
  readonly macros: readonly MacroDef[];
  readonly topLevelCalls: readonly TopLevelCall[];
  readonly notAnalysed: readonly NotAnalysed[];
  readonly skippedArms?: readonly SkippedArm[];
  readonly otherDefinitions?: readonly OtherDefinition[];
};
