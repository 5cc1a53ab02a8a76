/** Unknown calls that may be a lock or a section, told by what they do and not by their names. */

import type { Sym, TraceEvent } from "./trace.ts";

/**
 * Names of unknown calls before `index` that another unknown call behind it may be the end of: it gets what the first one
 * got, or neither gets anything; and it is made for its effect alone. The same call once more ends nothing; of one function with another argument, the one may (set_busy(d, 1), set_busy(d, 0)).
 */
export function bracketsAround(events: readonly TraceEvent[], index: number): readonly string[] {
  const ends = events.slice(index + 1).flatMap(({ what }) => (what.kind === "opaque" && what.isStatement ? [what] : []));
  return events.slice(0, index).flatMap(({ what }) => {
    if (what.kind !== "opaque") return [];
    // A guard closes by itself.
    if (/^(scoped_)?guard\(/.test(what.name)) return [what.name];
    const [argument] = what.args;
    if (argument === undefined ? !what.isStatement : isNoLock(argument)) return [];
    return ends.some((end) => end.args[0]?.id === argument?.id && (end.name !== what.name || end.args.some(({ id }, at) => id !== what.args[at]?.id))) ? [what.name] : [];
  });
}

/** A packet, a request or a message is one caller's own, and handed from call to call, so that no two CPUs meet at a lock in it. */
const isNoLock = ({ type }: Sym): boolean => /^(?:const )?struct (?:sk_buff|bio|nlattr|nlmsghdr|netlink_ext_ack) \*/.test(type);
