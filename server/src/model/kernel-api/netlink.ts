import type { HeaderRows } from "./schema.ts";

const numbers = ["u8", "u16", "u32", "u64_64bit", "uint", "be16", "be32", "be64", "net16", "net32", "net64", "le16", "le32", "le64", "s8", "s16", "s32", "s64", "sint", "msecs", "in_addr", "bitfield32", "flag"].map((type) => `nla_put_${type}`);

/** Writing a message into a buffer that nobody else has: no lock, no wait, and nothing of the caller's is freed (lib/nlattr.c, net/netlink/genetlink.c). */
export const netlink: HeaderRows = {
  header: "include/net/netlink.h",
  also: ["include/net/genetlink.h", "include/linux/netlink.h"],
  rows: [
    { names: ["nlmsg_put", "nlmsg_end", "nlmsg_cancel", "nlmsg_trim", "nla_nest_start", "nla_nest_start_noflag", "nla_nest_end", "nla_nest_cancel"], effects: [] },
    { names: ["genlmsg_put", "genlmsg_put_reply", "genlmsg_iput", "genlmsg_end", "genlmsg_cancel", "genl_dump_check_consistent", "nl_dump_check_consistent"], effects: [] },
    { names: numbers, effects: [] },
    { names: ["nla_put", "nla_put_64bit"], effects: [{ kind: "touch", pointer: 3, write: false }] },
    { names: ["nla_put_string", "nla_put_in6_addr"], effects: [{ kind: "touch", pointer: 2, write: false }] },
  ],
};
