import { partly } from "./partly.ts";
import type { HeaderRows } from "./schema.ts";

const orders = ["le16", "le32", "le64", "be16", "be32", "be64"] as const;

/** Between the CPU's byte order and another one; the value stays what it is (include/uapi/linux/byteorder/). */
export const byteOrder: readonly string[] = ["", "__"].flatMap((start) => [...orders.map((one) => `${start}${one}_to_cpu`), ...orders.map((one) => `${start}cpu_to_${one}`)]);

/**
 * APIs whose whole effect, for our rules, is that they are harmless: they wait for no grace period, run no RCU
 * callback, free nothing of the caller's and take no lock across the call. Checked against their 6.12 definitions.
 */
export const printing: HeaderRows = {
  header: "include/linux/printk.h",
  also: ["include/linux/dev_printk.h", "include/linux/device.h", "include/linux/pci.h", "include/linux/netdevice.h", "include/linux/seq_file.h", "include/linux/sprintf.h", "include/linux/sysfs.h", "include/linux/build_bug.h", "include/linux/kernel.h", "include/linux/ratelimit.h", "include/linux/lockdep.h", "include/linux/kmemleak.h", "include/linux/kasan-checks.h", "include/linux/prefetch.h", "include/linux/sched.h", "include/linux/compiler.h", "include/linux/compiler_types.h", "include/net/net_debug.h", "include/asm-generic/bug.h", "include/asm-generic/rwonce.h", "include/linux/byteorder/generic.h", "include/uapi/linux/byteorder/little_endian.h", "arch/x86/include/asm/vdso/processor.h"],
  rows: [
    { names: ["printk", "pr_emerg", "pr_alert", "pr_crit", "pr_err", "pr_warn", "pr_notice", "pr_info", "pr_debug", "pr_cont", "pr_devel", "pr_err_ratelimited", "pr_warn_ratelimited", "pr_info_ratelimited", "pr_warn_once", "pr_err_once", "pr_info_once", "pr_debug_ratelimited", "printk_ratelimited", "dump_stack"], effects: [] },
    { names: ["dev_err", "dev_warn", "dev_notice", "dev_info", "dev_dbg", "dev_crit", "dev_err_ratelimited", "dev_warn_ratelimited", "dev_info_ratelimited", "dev_dbg_ratelimited", "dev_warn_once", "dev_err_once", "dev_info_once", "dev_err_probe", "dev_name", "pci_err", "pci_warn", "pci_info", "pci_dbg", "pci_name", "netdev_err", "netdev_warn", "netdev_info", "netdev_dbg", "netdev_name", "netif_dbg", "netif_err", "seq_printf", "seq_puts", "seq_putc", "snprintf", "scnprintf", "sprintf", "sysfs_emit"], effects: [] },
    { names: ["print_hex_dump"], effects: [{ kind: "touch", pointer: 5, write: false }] },
    { names: ["print_hex_dump_bytes"], effects: [{ kind: "touch", pointer: 2, write: false }] },
    { names: ["print_hex_dump_debug"], effects: [{ kind: "touch", pointer: 4, write: false, debug: "CONFIG_DYNAMIC_DEBUG" }] },
    { names: ["BUG", "panic"], effects: [{ kind: "never-returns" }] },
    { names: ["BUG_ON", "BUILD_BUG_ON", "BUILD_BUG_ON_MSG", "WARN_RATELIMIT", "trace_printk", "cpu_relax", "kmemleak_not_leak", "kmemleak_ignore", "kasan_check_read", "static_assert", "prefetch", "prefetchw"], effects: [] },
    { names: ["cant_sleep"], effects: [], asks: "context" },
    { names: ["might_sleep", "cond_resched"], effects: [], maySleep: true },
    { names: ["might_sleep_if"], effects: [] },
    { names: ["WARN_ON", "WARN_ON_ONCE", "WARN", "WARN_ONCE", "likely", "unlikely", "WARN_TAINT", "DEBUG_NET_WARN_ON_ONCE", "READ_ONCE_NOCHECK", "data_race", "ACCESS_PRIVATE"], effects: [{ kind: "value-of", arg: 0 }] },
    { names: byteOrder, effects: [{ kind: "value-of", arg: 0 }] },
  ],
};

export const strings: HeaderRows = {
  header: "include/linux/string.h",
  rows: [
    { names: ["memset", "memset64", "memzero_explicit"], effects: [{ kind: "touch", pointer: 0, write: true }] },
    { names: ["memcpy", "memmove", "strscpy", "strscpy_pad", "strcpy", "strncpy"], effects: [{ kind: "touch", pointer: 0, write: true }, { kind: "touch", pointer: 1, write: false }] },
    { names: ["memcmp", "strcmp", "strncmp", "strlen", "strstr", "strchr"], effects: [{ kind: "touch", pointer: 0, write: false }] },
  ],
};

export const misc: HeaderRows = {
  header: "include/linux/kernel.h",
  also: ["include/linux/overflow.h", "include/linux/nospec.h", "include/linux/log2.h", "include/linux/mm.h", "include/linux/pfn.h", "include/linux/jiffies.h", "include/linux/timekeeping.h", "include/linux/smp.h", "include/linux/cpumask.h", "include/linux/compiler.h", "include/linux/minmax.h", "include/linux/math.h", "include/linux/bits.h", "include/linux/bitfield.h", "include/linux/array_size.h", "include/linux/align.h", "include/linux/wordpart.h", "include/linux/kconfig.h", "include/linux/bitmap.h", "include/linux/find.h", "include/linux/rbtree.h", "include/linux/interval_tree.h", "include/linux/device.h", "include/linux/platform_device.h", "include/linux/pci.h", "include/linux/netdevice.h", "include/linux/eventfd.h", "include/linux/pci-ats.h", "include/linux/dma-map-ops.h", "include/linux/module.h", "include/linux/kobject.h", "include/linux/sysfs.h", "include/linux/debugfs.h", "include/linux/capability.h", "include/linux/uaccess.h", "include/vdso/bits.h", "include/asm-generic/getorder.h", "include/asm-generic/bitops/fls.h", "include/asm-generic/bitops/ffs.h", "include/asm-generic/bitops/fls64.h", "include/asm-generic/bitops/__ffs.h", "include/asm-generic/bitops/const_hweight.h", "include/uapi/linux/pci.h", "include/asm-generic/access_ok.h", "include/asm-generic/uaccess.h"],
  rows: [
    { names: ["array_size", "struct_size", "size_mul", "size_add", "check_add_overflow", "array_index_nospec", "order_base_2", "get_order", "offset_in_page", "PAGE_ALIGN", "PFN_DOWN", "PFN_UP", "PHYS_PFN", "jiffies_to_msecs", "msecs_to_jiffies", "time_after", "time_before", "ktime_get", "smp_processor_id", "raw_smp_processor_id", "num_online_cpus", "cpumask_of", "likely_notrace"], effects: [] },
    { names: ["min", "max", "min_t", "max_t", "clamp", "clamp_t", "abs", "BIT", "BIT_ULL", "GENMASK", "GENMASK_ULL", "FIELD_GET", "FIELD_PREP", "ARRAY_SIZE", "ALIGN", "ALIGN_DOWN", "IS_ALIGNED", "IS_ENABLED", "DIV_ROUND_UP", "roundup", "rounddown", "round_up", "round_down", "roundup_pow_of_two", "ilog2", "fls", "ffs", "fls64", "__ffs", "hweight8", "hweight32", "hweight64", "upper_32_bits", "lower_32_bits", "IS_BUILTIN", "IS_MODULE", "IS_REACHABLE"], effects: [{ kind: "pure" }] },
    { names: ["swap"], effects: [{ kind: "swap", a: 0, b: 1 }] },
    { names: ["bitmap_zero", "bitmap_set", "bitmap_clear", "find_first_zero_bit", "find_first_bit", "find_next_bit", "find_next_zero_bit", "bitmap_zalloc", "bitmap_free", "rb_first", "rb_next", "rb_erase", "rb_link_node", "rb_insert_color", "rb_first_cached", "rb_erase_cached", "interval_tree_remove", "interval_tree_insert"], effects: [] },
    { names: ["dev_get_drvdata", "dev_set_drvdata", "platform_get_drvdata", "platform_set_drvdata", "pci_get_drvdata", "pci_set_drvdata", "to_pci_dev", "dev_is_pci", "dev_to_node", "netdev_priv", "pci_domain_nr", "pci_dev_id", "PCI_DEVID", "PCI_SLOT", "PCI_FUNC", "PCI_DEVFN", "eventfd_signal", "pci_ats_supported", "get_dma_ops"], effects: [] },
    { names: ["module_put", "kobject_uevent", "sysfs_remove_group", "sysfs_create_group", "debugfs_create_dir", "debugfs_create_file", "capable", "copy_from_user", "copy_to_user", "get_user", "put_user", "access_ok"], effects: [] },
  ],
};

/** A tracepoint of TRACE_EVENT() (include/linux/tracepoint.h): its probes run with preemption off, and have no part in what the code does. */
export const isTracepoint = (name: string): boolean => /^(?:do_)?trace_[a-z]\w*$/.test(name);

/** What the compiler answers by itself. */
export const builtins: HeaderRows = {
  header: "include/linux/compiler.h",
  also: ["include/linux/compiler_types.h", "include/linux/math.h", "include/linux/bits.h", "include/linux/string.h", "include/linux/fortify-string.h", "include/linux/overflow.h", "include/uapi/linux/swab.h", "include/asm-generic/bitops/builtin-ffs.h", "include/asm-generic/bitops/builtin-fls.h"],
  rows: [
    { names: ["__builtin_expect"], effects: [{ kind: "value-of", arg: 0 }] },
    { names: ["__builtin_choose_expr", "__builtin_constant_p", "__builtin_types_compatible_p", "__builtin_object_size", "__builtin_dynamic_object_size", "__builtin_ffs", "__builtin_clz", "__builtin_bswap16", "__builtin_bswap32", "__builtin_bswap64"], effects: [] },
    { names: ["__builtin_add_overflow", "__builtin_sub_overflow", "__builtin_mul_overflow"], effects: [{ kind: "touch", pointer: 2, write: true }] },
    { names: ["__builtin_unreachable"], effects: [{ kind: "never-returns" }] },
  ],
};

/** Byte order, addresses, attributes and packets of the network: on what one CPU has in hand. */
export const network: HeaderRows = {
  header: "include/linux/skbuff.h",
  also: ["include/linux/byteorder/generic.h", "include/net/netlink.h", "include/linux/netlink.h", "include/net/net_namespace.h", "include/linux/etherdevice.h", "include/linux/net.h", "include/net/ipv6.h", "include/linux/percpu-defs.h", "include/linux/u64_stats_sync.h", "include/linux/netdevice.h", "include/linux/filter.h", "include/net/net_debug.h", "include/net/cfg80211.h"],
  rows: [
    { names: ["htons", "htonl", "ntohs", "ntohl"], effects: [{ kind: "value-of", arg: 0 }] },
    { names: ["nla_data", "nla_len", "nla_type", "nla_total_size", "nla_get_u8", "nla_get_u16", "nla_get_u32", "nla_get_u64", "nla_get_be16", "nla_get_be32", "NL_SET_ERR_MSG", "NL_SET_ERR_MSG_MOD"], effects: [] },
    { names: ["skb_pull", "skb_push", "skb_put", "skb_trim", "skb_copy_bits", "skb_end_pointer", "skb_headlen", "skb_headroom", "skb_tailroom", "skb_reset_network_header", "skb_reset_mac_header"], effects: [] },
    { names: ["net_ratelimit", "net_err_ratelimited", "net_warn_ratelimited", "net_info_ratelimited", "net_dbg_ratelimited", "net_eq", "read_pnet", "ipv6_addr_any"], effects: [] },
    { names: ["ether_addr_copy"], effects: [{ kind: "touch", pointer: 0, write: true }, { kind: "touch", pointer: 1, write: false }] },
    { names: ["ether_addr_equal", "ipv6_addr_equal"], effects: [{ kind: "touch", pointer: 0, write: false }, { kind: "touch", pointer: 1, write: false }] },
    { names: ["is_multicast_ether_addr", "is_zero_ether_addr", "is_broadcast_ether_addr", "is_valid_ether_addr"], effects: [{ kind: "touch", pointer: 0, write: false }] },
    { names: ["this_cpu_inc", "this_cpu_dec", "this_cpu_add", "__this_cpu_inc", "__this_cpu_dec", "__this_cpu_add"], effects: [] },
    { names: ["u64_stats_inc", "u64_stats_add", "u64_stats_update_begin", "u64_stats_update_end"], effects: [{ kind: "touch", pointer: 0, write: true }] },
    { names: ["netif_carrier_ok", "netif_running"], effects: [{ kind: "touch", pointer: 0, write: false }] },
    // Called by what receives and sends packets, with softirqs off and under spinlocks: none of them can be a wait.
    partly(["skb_dequeue", "skb_dequeue_tail", "__skb_dequeue", "skb_queue_tail", "skb_queue_head", "__skb_queue_tail", "__skb_queue_head", "skb_queue_empty", "skb_queue_len", "skb_peek", "skb_queue_purge", "__skb_queue_purge"], [], { neverWaits: true }),
    partly(["dev_kfree_skb", "dev_kfree_skb_any", "dev_kfree_skb_irq", "dev_consume_skb_any", "skb_linearize", "pskb_may_pull", "pskb_may_pull_reason", "__pskb_pull_tail", "skb_cow_head", "skb_tx_timestamp", "eth_type_trans", "skb_mark_not_on_list"], [], { neverWaits: true }),
    partly(["netif_rx", "napi_gro_receive", "netif_receive_skb", "napi_schedule", "netif_start_queue", "netif_stop_queue", "netif_wake_queue", "netif_tx_stop_queue", "netif_tx_wake_queue", "netif_stop_subqueue", "netif_wake_subqueue", "netif_carrier_on", "netif_carrier_off"], [], { neverWaits: true }),
    partly(["__cfg80211_alloc_event_skb", "__cfg80211_alloc_reply_skb", "__cfg80211_send_event_skb"], [], { neverWaits: true }),
    partly(["bpf_prog_run", "dev_sw_netstats_tx_add", "dev_sw_netstats_rx_add"], [], { neverWaits: true }),
  ],
};

/** Called with the driver's own lock around them ("ensure we don't call this with other virtqueue operations at the same time"): a queue knows no lock of a driver. */
export const virtio: HeaderRows = {
  header: "include/linux/virtio.h",
  rows: [
    partly(["virtqueue_add_sgs", "virtqueue_add_outbuf", "virtqueue_add_inbuf", "virtqueue_add_inbuf_ctx"], [], { neverWaits: true }),
    partly(["virtqueue_kick", "virtqueue_kick_prepare", "virtqueue_notify", "virtqueue_get_buf", "virtqueue_get_buf_ctx", "virtqueue_disable_cb", "virtqueue_enable_cb", "virtqueue_enable_cb_delayed", "virtqueue_enable_cb_prepare", "virtqueue_poll", "virtqueue_is_broken", "virtqueue_get_vring_size"], [], { neverWaits: true }),
  ],
};
