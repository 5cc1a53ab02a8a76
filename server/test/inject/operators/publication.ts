/** Pointers and list nodes that are shown, or read, without what orders it. */

import { baseOf, type FunctionView } from "../view.ts";
import { callersHold, hasReader, holdsWriterLock, isSafeWithoutReader, isOwnList, isUnpublished, isUnreadTeardown, lastName, locksAt, updates } from "../context.ts";
import { atCalls, follows, type Injection, moved, type Operator, renamed, replaced, without } from "../operator.ts";

const publish = ["rcu/missing-assign-pointer", "rcu/publish-before-init"];
const protectedBy = (view: FunctionView, site: Parameters<typeof holdsWriterLock>[1], fields: readonly string[]): string => {
  const answer = holdsWriterLock(view, site, fields);
  return answer === "yes" ? "a writer's lock is held" : answer === "unknown" && locksAt(view, site).size > 0 ? "?" : "";
};

/** Of `v = rcu_dereference(x);`: v. */
function assignedTo(view: FunctionView, at: number): string | undefined {
  return /\b(\w+)\s*=\s*$/.exec(view.file.code.slice(view.def.body.start, at))?.[1];
}

/** The last assignment to the variable before the offset, as written; "" where there is none. */
function lastGiven(view: FunctionView, name: string, at: number): string {
  const before = view.file.code.slice(view.def.body.start, at);
  return [...before.matchAll(new RegExp(`\\b${name.replace(/\W/g, "\\$&")}\\s*=(?!=)[^;]*`, "g"))].at(-1)?.[0] ?? "";
}

export const operators: readonly Operator[] = [
  {
    name: "list_add_rcu-to-list_add",
    rules: ["rcu/plain-list-operation", ...publish],
    sites: atCalls(/^(?:list_add_rcu|list_add_tail_rcu|hlist_add_head_rcu)$/, (site, view) => ({
      edits: [renamed(site, site.callee.replace(/_rcu$/, ""))],
      neutral: isOwnList(view, site.args[1] ?? "") ? "a list of this function alone" : hasReader(view) || !view.def.isStatic ? "" : "?",
    })),
  },
  {
    name: "walk_rcu-to-plain-walk",
    isNote: true,
    rules: ["rcu/plain-list-operation", "rcu/missing-dereference"],
    sites: (view) =>
      view.placed.flatMap(({ stmt, ...place }): readonly Injection[] => {
        if (stmt.kind !== "macro-loop" || !/^h?list_for_each_entry_rcu$/.test(stmt.macro)) return [];
        const args = stmt.args.slice(0, 3).map((arg) => view.file.text.slice(arg.start, arg.end));
        const head = view.file.text.slice(stmt.headSpan.start, stmt.headSpan.end);
        const edit = { start: stmt.headSpan.start, end: stmt.headSpan.end, newText: `${stmt.macro.replace(/_rcu$/, "")}(${args.join(", ")})${head.replace(/[^\n]/g, "")}` };
        const neutral = stmt.args.length > 3 ? "?" : protectedBy(view, { placed: { stmt, ...place } }, args.slice(1).map(lastName));
        return [{ at: stmt.start, edits: [edit], neutral }];
      }),
  },
  {
    name: "rcu_dereference-to-plain-load",
    isNote: true,
    rules: ["rcu/missing-dereference", "rcu/double-fetch"],
    sites: atCalls(/^rcu_dereference(?:_bh)?$/, (site, view) => {
      const name = assignedTo(view, site.call.start);
      const after = view.file.code.slice(site.call.end, view.def.body.end);
      const isFollowed = name === undefined ? /^\s*->/.test(view.file.code.slice(site.call.end)) : follows(after, name);
      const passed = name !== undefined && new RegExp(`[(,]\\s*${name}\\s*[,)]`).test(after);
      return { edits: [replaced(site, `(${site.args[0] ?? ""})`)], neutral: protectedBy(view, site, [lastName(site.args[0] ?? "")]) || (isFollowed ? "" : passed ? "?" : "only its value is looked at") };
    }),
  },
  {
    name: "rcu_assign_pointer-to-plain-store",
    rules: publish,
    sites: atCalls(/^rcu_assign_pointer$/, (site, view) => {
      const [pointer, value] = site.args;
      if (pointer === undefined || value === undefined || !site.isWhole) return undefined;
      const base = baseOf(site.call.args[0]);
      const isConstant = /^(?:NULL|0|ERR_PTR\(.*\)|&\w+|[A-Z_]+)$/.test(value);
      const isNew = base === undefined ? "no" : isUnpublished(view, base, site.call.start);
      const neutral = isConstant ? "the value needs no order" : isNew !== "no" ? (isNew === "yes" ? "not published yet" : "?") : /=\s*\w*(?:dereference|_entry)\w*\(/.test(lastGiven(view, value, site.call.start)) ? "was published before" : "";
      return { edits: [replaced(site, `${pointer} = ${value}`)], neutral: neutral === "" && !/^\w+$/.test(value) ? "?" : neutral };
    }),
  },
  {
    name: "init-after-publication",
    rules: ["rcu/publish-before-init"],
    sites: atCalls(/^(?:rcu_assign_pointer|list_add_rcu|list_add_tail_rcu|hlist_add_head_rcu)$/, (site, view) => {
      const object = baseOf(site.callee === "rcu_assign_pointer" ? site.call.args[1] : site.call.args[0]);
      if (!site.isWhole || object === undefined) return undefined;
      const { block, index, stmt } = site.placed;
      const store = block.slice(0, index).findLast((one) => one.kind === "expression" && one.expression.kind === "assignment" && one.expression.target.kind === "member" && baseOf(one.expression.target) === object);
      if (store?.kind !== "expression" || store.expression.kind !== "assignment" || store.expression.target.kind !== "member") return undefined;
      const between = view.file.code.slice(store.end, site.call.start);
      if (/\bgoto\b|\breturn\b/.test(between) || between.includes(`->${store.expression.target.field}`)) return undefined;
      const { field } = store.expression.target;
      const elsewhere = `${view.file.code.slice(0, view.def.start)}${view.file.code.slice(view.def.end)}`;
      const isRead = new RegExp(`->\\s*${field}\\b(?!\\s*=[^=])`).test(elsewhere);
      const neutral = site.callee !== "rcu_assign_pointer" && isOwnList(view, site.args[1] ?? "") ? "a list of this function alone" : isUnpublished(view, object, store.start) !== "yes" ? "?" : isRead ? "" : hasReader(view) ? "no reader of this file looks at the field" : "?";
      return { edits: moved(view.file, store, stmt.end), neutral };
    }),
  },
  {
    name: "drop-read-lock",
    rules: ["rcu/access-outside-reader", "rcu/use-after-unlock", "rcu/free-before-grace-period"],
    sites(view: FunctionView): readonly Injection[] {
      const locks = view.calls.filter(({ callee, isWhole }) => isWhole && /^rcu_read_lock(?:_bh)?$/.test(callee));
      const unlocks = view.calls.filter(({ callee, isWhole }) => isWhole && /^rcu_read_unlock(?:_bh)?$/.test(callee));
      const accesses = view.placed.some(({ stmt, held }) => held.some(({ kind }) => kind === "rcu") && ((stmt.kind === "macro-loop" && /_rcu$/.test(stmt.macro)) || /\brcu_dereference(?:_bh)?\s*\(/.test(headOf(view, stmt))));
      if (locks.length !== 1 || unlocks.length === 0 || !accesses) return [];
      const safe = isSafeWithoutReader(view, locks[0]!);
      const neutral = callersHold(view, "rcu") === "yes" || locks[0]!.placed.held.some(({ kind }) => kind === "rcu") ? "a caller's section covers it" : safe === "yes" ? "another lock or context covers it" : "";
      return [{ at: locks[0]!.call.start, edits: [...locks, ...unlocks].map(({ placed }) => without(view.file, placed.stmt)), neutral }];
    },
  },
  {
    name: "double-fetch",
    rules: ["rcu/double-fetch"],
    sites: atCalls(/^rcu_dereference(?:_bh)?$/, (site, view) => {
      const name = assignedTo(view, site.call.start);
      if (name === undefined) return undefined;
      const code = view.file.code.slice(site.call.end, view.def.body.end);
      const check = new RegExp(`\\bif\\s*\\(\\s*!?\\s*${name}\\b`).exec(code);
      const use = check === null ? null : new RegExp(`\\b${name}\\s*->`).exec(code.slice(check.index + check[0].length));
      if (check === null || use === null) return undefined;
      const between = code.slice(0, check.index + check[0].length + use.index);
      const start = site.call.end + between.length;
      if (new RegExp(`\\b${name}\\s*=[^=]`).test(between) || /rcu_read_(?:un)?lock/.test(between)) return undefined;
      return { edits: [{ start, end: start + name.length, newText: view.file.text.slice(site.call.start, site.call.end) }], neutral: protectedBy(view, site, [lastName(site.args[0] ?? "")]) };
    }),
  },
  {
    name: "drop-update-lock",
    rules: ["rcu/update-without-lock"],
    sites(view: FunctionView): readonly Injection[] {
      const changes = view.calls.filter(({ callee }) => /^(?:h?list_(?:add|del|replace)\w*_rcu|rcu_assign_pointer)$/.test(callee));
      const locks = view.calls.filter(({ callee, isWhole }) => isWhole && /^spin_lock(?:_bh|_irq|_irqsave)?$/.test(callee));
      const [lock] = locks;
      if (lock === undefined || locks.length !== 1) return [];
      const name = lastName(lock.args[0] ?? "");
      const inside = changes.filter(({ placed }) => placed.held.some(({ key }) => key === lock.args[0]));
      const unlocks = view.calls.filter(({ callee, isWhole, args }) => isWhole && /^spin_unlock/.test(callee) && args[0] === lock.args[0]);
      if (inside.length === 0 || unlocks.length === 0) return [];
      const others = view.file.functions.filter((other) => other !== view).flatMap((other) => other.calls.filter(({ callee }) => changes.some((own) => own.callee === callee) || updates.test(callee)).map((site) => locksAt(other, site))).filter((held) => held.has(name));
      const around = locksAt(view, lock);
      // Another lock is as good where the other updaters hold it too. Nobody else in the file proves nothing: it may be updated elsewhere, or by this function twice at once.
      const neutral = others.length === 0 ? "?" : around.size > 0 ? (others.every((held) => [...held].some((one) => around.has(one))) ? "another lock is held" : "?") : isUnreadTeardown(view) || lock.placed.held.some(({ kind }) => kind !== "rcu") || callersHold(view, "mutex") === "yes" ? "?" : "";
      return [{ at: lock.call.start, edits: [lock, ...unlocks].map(({ placed }) => without(view.file, placed.stmt)), neutral }];
    },
  },
];

/** The text of a statement without those inside it. */
function headOf(view: FunctionView, stmt: FunctionView["placed"][number]["stmt"]): string {
  if (stmt.kind === "block" || stmt.kind === "label") return "";
  if (stmt.kind === "if" || stmt.kind === "while" || stmt.kind === "do") return view.file.code.slice(stmt.condition.start, stmt.condition.end);
  return stmt.kind === "expression" || stmt.kind === "declaration" || stmt.kind === "return" ? view.file.code.slice(stmt.start, stmt.end) : "";
}
