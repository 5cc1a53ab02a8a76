import type { Declarator, Expr, GlobalDef } from "./c-syntax.ts";
import { normalisedType } from "./convert-types.ts";
import type { NoteIndex } from "./note-index.ts";
import type { Note } from "./notes.ts";

/** Macros that define one variable, by its type. Kernel names, from the headers that define them. */
const typeByMacro: ReadonlyMap<string, string> = new Map([
  ["DEFINE_SPINLOCK", "spinlock_t"],
  ["DEFINE_RAW_SPINLOCK", "raw_spinlock_t"],
  ["DEFINE_RWLOCK", "rwlock_t"],
  ["DEFINE_MUTEX", "struct mutex"],
  ["DEFINE_SEMAPHORE", "struct semaphore"],
  ["DECLARE_RWSEM", "struct rw_semaphore"],
  ["DEFINE_SRCU", "struct srcu_struct"],
  ["DEFINE_STATIC_SRCU", "struct srcu_struct"],
  ["LIST_HEAD", "struct list_head"],
  ["HLIST_HEAD", "struct hlist_head"],
  ["LLIST_HEAD", "struct llist_head"],
  ["DEFINE_IDA", "struct ida"],
  ["DEFINE_IDR", "struct idr"],
  ["DEFINE_XARRAY", "struct xarray"],
  ["DEFINE_XARRAY_ALLOC", "struct xarray"],
  ["DEFINE_XARRAY_ALLOC1", "struct xarray"],
  ["DEFINE_XARRAY_FLAGS", "struct xarray"],
  ["DECLARE_WORK", "struct work_struct"],
  ["DECLARE_DELAYED_WORK", "struct delayed_work"],
  ["DEFINE_TIMER", "struct timer_list"],
  ["DECLARE_WAIT_QUEUE_HEAD", "wait_queue_head_t"],
  ["DECLARE_COMPLETION", "struct completion"],
  ["DEFINE_STATIC_KEY_FALSE", "struct static_key_false"],
  ["DEFINE_STATIC_KEY_TRUE", "struct static_key_true"],
  ["BLOCKING_NOTIFIER_HEAD", "struct blocking_notifier_head"],
  ["ATOMIC_NOTIFIER_HEAD", "struct atomic_notifier_head"],
  ["RADIX_TREE", "struct radix_tree_root"],
  ["DEFINE_SEQLOCK", "seqlock_t"],
  ["DECLARE_COMPLETION_ONSTACK", "struct completion"],
  ["DECLARE_WAIT_QUEUE_HEAD_ONSTACK", "wait_queue_head_t"],
  ["DECLARE_WAITQUEUE", "struct wait_queue_entry"],
  ["DEFINE_WAIT", "struct wait_queue_entry"],
]);

const arrayMacro = /^DECLARE_BITMAP$|^DEFINE_HASHTABLE$|^DEFINE_READ_MOSTLY_HASHTABLE$|^DECLARE_HASHTABLE$/;
const perCpu = /^(?:DEFINE|DECLARE)_PER_CPU/;

/** The variable that a macro call at file scope defines, if it is a known one that was not left in the text. */
export function globalOfMacro(source: string, notes: NoteIndex, note: Note): GlobalDef | undefined {
  if (notes.at("declares", note.start) !== undefined) return undefined;
  const [first, second] = note.args ?? [];
  if (first === undefined) return undefined;
  const isPerCpu = perCpu.test(note.name);
  const nameSpan = isPerCpu ? second : first;
  const isArray = arrayMacro.test(note.name);
  const type = isPerCpu ? normalisedType(source.slice(first.start, first.end)) : isArray ? typeOfArray(note.name) : typeByMacro.get(note.name);
  if (type === undefined || nameSpan === undefined) return undefined;
  const name = source.slice(nameSpan.start, nameSpan.end);
  if (!/^\w+$/.test(name)) return undefined;
  const lineStart = source.lastIndexOf("\n", note.start) + 1;
  const isStatic = /\bstatic\b/.test(source.slice(lineStart, note.start));
  const span = { start: note.start, end: note.end };
  return { ...span, isStatic, declarator: { ...span, name, nameSpan, type, isArray, attributes: [] } };
}

/** The local that such a macro declares inside of a function; an array is left to be an unknown call. */
export function localOfMacro(expression: Expr): Declarator | undefined {
  if (expression.kind !== "call" || expression.callee.kind !== "identifier") return undefined;
  const type = typeByMacro.get(expression.callee.name);
  const [name] = expression.args;
  if (type === undefined || name?.kind !== "identifier") return undefined;
  const { start, end } = name;
  return { start, end, name: name.name, nameSpan: { start, end }, type, isArray: false, attributes: [] };
}

const typeOfArray = (macro: string): string => (macro === "DECLARE_BITMAP" ? "unsigned long" : "struct hlist_head");
