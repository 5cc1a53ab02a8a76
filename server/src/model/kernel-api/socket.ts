import type { FieldPath, HeaderRows } from "./schema.ts";

const ofSock: FieldPath = [{ struct: "sock", field: "sk_user_data" }];
const ofSocket: FieldPath = [{ struct: "socket", field: "sk" }, ...ofSock];

/** What a socket's owner leaves at it for those who receive: readers find it with rcu_dereference_sk_user_data(). */
export const sock: HeaderRows = {
  header: "include/net/sock.h",
  rows: [
    { names: ["rcu_dereference_sk_user_data"], effects: [{ kind: "rcu-read", pointer: 0, fields: ofSock, side: "reader" }] },
    { names: ["rcu_assign_sk_user_data"], effects: [{ kind: "rcu-publish", pointer: 0, fields: ofSock, value: 1, release: true }] },
  ],
};

export const udpTunnel: HeaderRows = {
  header: "include/net/udp_tunnel.h",
  rows: [
    { names: ["setup_udp_tunnel_sock"], effects: [{ kind: "rcu-publish", pointer: 1, fields: ofSocket, value: 2, valueField: "sk_user_data", release: true }], source: "net/ipv4/udp_tunnel_core.c" },
    // The socket goes too, after the grace period.
    { names: ["udp_tunnel_sock_release"], effects: [{ kind: "rcu-publish", pointer: 0, fields: ofSocket, value: "null", release: true }, { kind: "wait", flavour: "rcu" }], source: "net/ipv4/udp_tunnel_core.c", maySleep: true },
  ],
};
