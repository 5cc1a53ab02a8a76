/**
 * APIs that take a function and call it later, from elsewhere: each such function is an entry point, as a field of an
 * ops table is. Checked against the headers of 6.12. `args` counts from 0.
 */

export type CallbackRow = { readonly names: readonly string[]; readonly args: readonly { readonly arg: number; readonly table: string; readonly field: string }[] };

const row = (table: string, field: string, arg: number, names: string): CallbackRow => ({ names: names.split(" "), args: [{ arg, table, field }] });

const irq = (handler: number, thread: number | undefined, names: string): CallbackRow => ({
  names: names.split(" "),
  args: [
    { arg: handler, table: "irqaction", field: "handler" },
    ...(thread === undefined ? [] : [{ arg: thread, table: "irqaction", field: "thread_fn" }]),
  ],
});

export const callbackRows: readonly CallbackRow[] = [
  row("rcu_head", "func", 1, "call_rcu call_rcu_hurry call_rcu_tasks call_rcu_tasks_rude call_rcu_tasks_trace"),
  row("rcu_head", "func", 2, "call_srcu"),
  row("work_struct", "func", 1, "INIT_WORK INIT_WORK_ONSTACK INIT_DELAYED_WORK INIT_DELAYED_WORK_ONSTACK INIT_DEFERRABLE_WORK INIT_RCU_WORK DECLARE_WORK DECLARE_DELAYED_WORK DECLARE_DEFERRABLE_WORK kthread_init_work kthread_init_delayed_work"),
  row("irq_work", "func", 1, "init_irq_work"),
  row("timer_list", "function", 1, "timer_setup timer_setup_on_stack DEFINE_TIMER"),
  row("hrtimer", "function", 1, "hrtimer_setup"),
  row("tasklet_struct", "callback", 1, "tasklet_setup tasklet_init DECLARE_TASKLET DECLARE_TASKLET_OLD DECLARE_TASKLET_DISABLED"),
  row("softirq_action", "action", 1, "open_softirq"),
  irq(1, undefined, "request_irq request_any_context_irq request_percpu_irq request_nmi irq_set_chained_handler irq_set_chained_handler_and_data"),
  irq(1, 2, "request_threaded_irq"),
  irq(2, undefined, "devm_request_irq devm_request_any_context_irq"),
  irq(2, 3, "devm_request_threaded_irq pci_request_irq"),
  row("kthread", "threadfn", 0, "kthread_run kthread_create kthread_create_on_node kthread_create_on_cpu kthread_run_on_cpu kernel_thread user_mode_thread"),
  row("devres", "action", 1, "devm_add_action devm_add_action_or_reset"),
  { names: ["module_driver"], args: [{ arg: 1, table: "module", field: "init" }, { arg: 2, table: "module", field: "exit" }] },
  { names: ["cpuhp_setup_state", "cpuhp_setup_state_nocalls", "cpuhp_setup_state_cpuslocked", "cpuhp_setup_state_multi"], args: [{ arg: 2, table: "cpuhp", field: "startup" }, { arg: 3, table: "cpuhp", field: "teardown" }] },
];

export type MacroRole = { readonly table: string; readonly field: string };

/** Macros at file scope that enter one function of the file, by the name of the macro. */
export const fileMacroRoles: ReadonlyMap<string, MacroRole> = new Map<string, MacroRole>([
  ["module_exit", { table: "module", field: "exit" }],
  ["__exitcall", { table: "module", field: "exit" }],
  ...[
    "module_init", "early_initcall", "pure_initcall", "core_initcall", "core_initcall_sync", "postcore_initcall", "postcore_initcall_sync", "arch_initcall", "arch_initcall_sync",
    "subsys_initcall", "subsys_initcall_sync", "fs_initcall", "fs_initcall_sync", "rootfs_initcall", "device_initcall", "device_initcall_sync", "late_initcall", "late_initcall_sync", "console_initcall",
  ].map((name) => [name, { table: "module", field: "init" }] as const),
  ...["early_param", "__setup", "__setup_param"].map((name) => [name, { table: "module", field: "setup" }] as const),
]);

/** Macros that name a function without entering it. */
export const inertFileMacros: readonly string[] = [
  "NOKPROBE_SYMBOL", "ALLOW_ERROR_INJECTION", "BTF_ID", "BTF_ID_FLAGS", "BTF_ID_LIST_SINGLE", "STACK_FRAME_NON_STANDARD", "STACK_FRAME_NON_STANDARD_FP", "KSYM_FUNC", "ASM_NOKPROBE_SYMBOL",
  "DEFINE_STATIC_CALL", "DECLARE_STATIC_CALL", "__alias", "weak_alias", "EXPORT_TRACEPOINT_SYMBOL", "EXPORT_TRACEPOINT_SYMBOL_GPL", "CFI_NOSEAL", "IBT_NOSEAL",
];

export type PastedRole = MacroRole & { readonly suffix: string };

/** Macros that paste names: `DEVICE_ATTR_RW(x)` enters `x_show` and `x_store`. */
export const pastingMacros: ReadonlyMap<string, readonly PastedRole[]> = (() => {
  const show = { suffix: "_show", field: "show" };
  const store = { suffix: "_store", field: "store" };
  const attributes: readonly (readonly [string, string])[] = [["DEVICE_ATTR", "device_attribute"], ["DRIVER_ATTR", "driver_attribute"], ["BUS_ATTR", "bus_attribute"], ["CLASS_ATTR", "class_attribute"]];
  return new Map<string, readonly PastedRole[]>([
    ...attributes.flatMap(([prefix, table]) => [
      [`${prefix}_RO`, [{ ...show, table }]] as const,
      [`${prefix}_ADMIN_RO`, [{ ...show, table }]] as const,
      [`${prefix}_WO`, [{ ...store, table }]] as const,
      [`${prefix}_RW`, [{ ...show, table }, { ...store, table }]] as const,
      [`${prefix}_ADMIN_RW`, [{ ...show, table }, { ...store, table }]] as const,
    ]),
    ["DEFINE_SHOW_ATTRIBUTE", [{ ...show, table: "seq_file" }]],
    ["DEFINE_SHOW_STORE_ATTRIBUTE", [{ ...show, table: "seq_file" }]],
  ]);
})();
