/** From where a function is entered, and what that says about who may run beside it. */

import type { EntryRole } from "./entry-roles.ts";
import type { FileFacts } from "./file-facts.ts";

export type Reached = { readonly role: EntryRole; readonly entry: string };

/** All roles under which `name` is entered, itself or through in-file callers. */
export function rolesReaching(name: string, facts: FileFacts): readonly Reached[] {
  const seen = new Set([name]);
  const queue = [name];
  const roles: Reached[] = [];
  for (let fn = queue.pop(); fn !== undefined; fn = queue.pop()) {
    for (const entry of facts.entries) if (entry.function === fn) roles.push({ role: entry.role, entry: fn });
    for (const caller of facts.callers.get(fn) ?? []) {
      if (seen.has(caller)) continue;
      seen.add(caller);
      queue.push(caller);
    }
  }
  return roles;
}

export function roleName({ role }: Reached): string {
  return `${role.table}.${role.field}`;
}

/**
 * Entered only when users are expected to be gone (`teardown`) or not there yet (`setup`). `container`: the key of what both
 * sides share; what all devices share is in use by others while one of them comes or goes, and only the module's own
 * set-up and teardown are alone with it.
 */
export function onlyLife(name: string, facts: FileFacts, life: EntryRole["life"], container?: string): boolean {
  const roles = rolesReaching(name, facts);
  const isShared = container?.startsWith("global ") === true;
  return roles.length > 0 && roles.every(({ role }) => role.life === life && (!isShared || role.table === "module"));
}

/** Ops tables whose functions a program of user space has called, with what it likes and as often as it likes. */
const userTables: ReadonlySet<string> = new Set(["file_operations", "proc_ops", "kernel_param_ops", "device_attribute", "driver_attribute", "class_attribute", "bus_attribute", "kobj_attribute", "bin_attribute", "genl_ops", "genl_small_ops", "configfs_attribute"]);

export const isFromUserSpace = ({ table }: EntryRole): boolean => userTables.has(table);
