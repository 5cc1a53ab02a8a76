/** Unknown calls that may be a lock or a section, told by what they do and not by their names. */

import type { Sym, TraceEvent } from "./trace.ts";

/**
 * Names of unknown calls before `index` that another unknown call behind it may be the end of: it gets what the first one
 * got, or neither gets anything; and it is made for its effect alone. The same function once more ends nothing.
 */
export function bracketsAround(events: readonly TraceEvent[], index: number): readonly string[] {
  const ends = events.slice(index + 1).flatMap(({ what }) => (what.kind === "opaque" && what.isStatement ? [what] : []));
  return events.slice(0, index).flatMap(({ what }) => {
    if (what.kind !== "opaque") return [];
    // A guard closes by itself.
    if (/^(scoped_)?guard\(/.test(what.name)) return [what.name];
    const [argument] = what.args;
    if (argument === undefined ? !what.isStatement : isNoLock(argument)) return [];
    return ends.some((end) => end.name !== what.name && end.args[0]?.id === argument?.id) ? [what.name] : [];
  });
}

/** A packet, a request or a message is one caller's own, and handed from call to call, so that no two CPUs meet at a lock in it. */
const isNoLock = ({ type }: Sym): boolean => /^(?:const )?struct (?:sk_buff|bio|nlattr|nlmsghdr|netlink_ext_ack) \*/.test(type);
