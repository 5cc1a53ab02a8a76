/**
 * Macro names that mean an attribute, of Linux 6.12 and before; macro-snapshot.ts has what the headers of one release
 * define. Most are found by their place anyway (see rewrite-specifiers.ts); a list decides where the place does not:
 * before a type's name, after a struct's body.
 */
export const attributeNames: readonly string[] = [
  "__rcu __user __iomem __percpu __force __init __exit __initdata __exitdata __initconst __kernel",
  "__nocast __safe __private __must_check __maybe_unused __always_unused __always_inline noinline",
  "notrace noinstr asmlinkage __cold __hot __weak __pure __packed __used __visible __ref __refdata",
  "__sched __lockfunc __read_mostly __ro_after_init __cacheline_aligned ____cacheline_aligned",
  "____cacheline_aligned_in_smp __cacheline_aligned_in_smp __devinit __net_init __net_exit",
  "__net_initdata __malloc __deprecated __naked __noreturn __cpuidle __latent_entropy",
  "__randomize_layout __no_randomize_layout __designated_init __ksym __kprobes noinline_for_stack",
  "__no_kcsan __no_sanitize_address __irq_entry __softirq_entry __page_aligned_bss __page_aligned_data",
  "__bpf_kfunc __refconst __nonstring nokprobe_inline __bitwise __meminit __meminitdata",
  "__no_kasan_or_inline __no_stack_protector __no_profile __nocfi __flatten __gnu_inline __retain",
  "__init_memblock __initdata_memblock __tracepoint_string __seg_gs VISIBLE_IF_KUNIT",
  "__attribute_const__",
].flatMap((line) => line.split(" "));

export const attributeCallNames: readonly string[] = [
  "__must_hold __acquires __releases __cond_acquires __acquire_shared __free __cleanup __guarded_by",
  "__counted_by __counted_by_le __counted_by_be __section __aligned __printf __scanf __alias __copy",
  "__assume_aligned __alloc_size __realloc_size __no_sanitize __nonnull __diagnose_as",
  "__pass_object_size __designated_init_for",
].flatMap((line) => line.split(" "));
