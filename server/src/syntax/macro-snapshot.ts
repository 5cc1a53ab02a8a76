// Generated from include/ of Linux 6.12.117 by server/tasks/gen-macros.mjs; do not edit.

const words = (lines: readonly string[]): readonly string[] => lines.flatMap((line) => line.split(" "));

/** Names only; of the loops those that do not say so in their name. */
export const snapshot = {
  attributes: words([
    "ACPI_INIT_FUNCTION ACPI_INLINE ACPI_UNUSED_VAR CGROUP_REF_FN_ATTRS CRYPTO_MINALIGN_ATTR",
    "EARLYCON_USED_OR_UNUSED EPOLL_PACKED ZSTDLIB_API ZSTDLIB_HIDDEN ZSTDLIB_STATIC_API ZSTDLIB_VISIBLE",
    "__ARCH_COMPAT_FLOCK64_PACK __ATM_API_ALIGN __FORTIFY_INLINE __PCPU_DUMMY_ATTRS ____cacheline_aligned",
    "____cacheline_aligned_in_smp ____cacheline_internodealigned_in_smp ____dma_from_device_aligned",
    "__aligned_largest __always_inline __always_unused __always_used __annotate_jump_table",
    "__assume_kmalloc_alignment __assume_page_alignment __assume_slab_alignment __async_inline",
    "__attribute_const__ __bitwise __bitwise__ __bpf_kfunc __bpfcall __cacheline_aligned",
    "__cacheline_aligned_in_smp __cold __designated_init __disable_sanitizer_instrumentation __ec_align1",
    "__ec_align2 __ec_align4 __ec_align_offset1 __ec_align_offset2 __ec_align_size1 __ec_todo_packed",
    "__efiapi __exit_call __exitdata __exitused __fix_address __flatten __force __function_aligned",
    "__gnu_inline __hrtimer_clock_base_align __iftd __init __init_memblock __init_or_acpilib",
    "__init_or_fwtbl_lib __init_or_module __init_thread_info __initconst __initconst_or_module __initdata",
    "__initdata_memblock __initdata_or_acpilib __initdata_or_meminfo __initdata_or_module",
    "__inline_maybe_unused __iomem __irq_entry __kcsan_cleanup_scoped __kernel __latent_entropy __lockfunc",
    "__long_aligned __malloc __maybe_unused __meminit __meminitconst __meminitdata __module_memory_align",
    "__must_check __net_exit __net_init __net_initconst __net_initdata __no_caller_saved_registers",
    "__no_kcsan __no_kmsan_checks __no_profile __no_randomize_layout __no_sanitize_address",
    "__no_sanitize_coverage __no_sanitize_memory __no_sanitize_thread __no_sanitize_undefined",
    "__no_stack_protector __nocast __nocfi __noclone __noinitretpoline __noipa __nonstring __noretpoline",
    "__noreturn __nosavedata __noscs __overloadable __packed __packed2__ __page_aligned_bss",
    "__page_aligned_data __percpu __private __pure __randomize_layout __rcu __ref __refconst __refdata",
    "__retain __ro_after_init __safe __sched __signed_wrap __softirq_entry __tcp_ao_key_align",
    "__tracepoint_string __uninitialized __used __user __visible __weak __xipram _struct_page_alignment",
    "noinline_for_stack nokprobe_inline",
  ]),
  attributeCalls: words([
    "ACPI_PRINTF_LIKE BTF_TYPE_TAG ZSTD_DEPRECATED __acquires __alias __aligned __alloc_size",
    "__alloc_size__ __assume_aligned __cleanup __compiletime_error __compiletime_warning __cond_acquires",
    "__copy __counted_by __counted_by_be __counted_by_le __diagnose_as __free __mode __must_hold",
    "__pass_dynamic_object_size __pass_object_size __printf __realloc_size __releases __scanf __section",
  ]),
  loops: words([
    "_FP_DIV_MEAT_4_udiv __scoped_class __scoped_cond_guard __scoped_guard __scoped_seqlock_read",
    "adis_dev_auto_scoped_lock drm_exec_until_all_locked iio_device_claim_direct_scoped",
    "printk_cpu_sync_get_irqsave scoped_class scoped_cond_guard scoped_guard scoped_seqlock_read",
    "scoped_with_kernel_creds skb_queue_reverse_walk skb_queue_walk skb_rbtree_walk sr_test_cond_timeout",
    "tcp_for_write_queue_from_safe while_each_thread",
  ]),
};
