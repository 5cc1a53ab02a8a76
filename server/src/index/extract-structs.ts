/** `__rcu` members of a struct: `struct foo __rcu *bar;`, the name being the last word before the semicolon. */

import { close, mark, open } from "./scan-state.ts";
import type { ScanState } from "./scan-state.ts";
import { tokenCode } from "./tokens.ts";

export function readRcuFields(s: ScanState, tag: number, from: number, to: number): void {
  let isRcu = false;
  let last = -1;
  for (let i = from + 1; i < to; i++) {
    const c = s.code(i);
    if (c === tokenCode.word) {
      if (isRcuWord(s, i)) isRcu = true;
      else last = i;
    } else if (c === open.bracket) i = s.matching(i);
    else if (c === mark.semicolon || c === close.brace || c === open.brace) {
      if (isRcu && last >= 0 && c === mark.semicolon) s.shard.addRcuField(s.id(tag), s.id(last), s.line(last));
      isRcu = false;
      last = -1;
    }
  }
}

const rcuBytes = Buffer.from("__rcu");

function isRcuWord(s: ScanState, token: number): boolean {
  const from = s.tokens.start[token]!;
  if (s.tokens.end[token]! - from !== rcuBytes.length) return false;
  for (let k = 0; k < rcuBytes.length; k++) if (s.source[from + k] !== rcuBytes[k]) return false;
  return true;
}
