/**
 * Functions that a walk over the call graph does not go through. Everything is reached through them, so what lies behind
 * says nothing about who calls them: every kfree() "reaches" synchronize_rcu() by way of the huge pages.
 * `sleeps`: known all the same, and true of 6.12.
 */

export type StopRow = { readonly names: string; readonly why: string; readonly sleeps?: true };

const rows: readonly StopRow[] = [
  { names: "kfree kvfree vfree kfree_sensitive kfree_const kmem_cache_free kmem_cache_free_bulk kfree_skb kfree_skb_reason consume_skb free_percpu __free_pages free_pages __free_page free_page put_page folio_put __folio_put put_pages_list dma_free_coherent dma_free_attrs dma_pool_free mempool_free", why: "freeing memory goes into the allocator, whose own waiting is not the caller's" },
  { names: "kmalloc kzalloc kcalloc kvmalloc kvzalloc kmem_cache_alloc kmem_cache_zalloc kmem_cache_alloc_node vmalloc vzalloc __kmalloc __kmalloc_noprof alloc_pages alloc_pages_node __alloc_pages __alloc_pages_noprof __get_free_pages get_zeroed_page alloc_percpu __alloc_percpu krealloc kmemdup kstrdup kasprintf kvasprintf dma_alloc_coherent dma_alloc_attrs dma_pool_alloc mempool_alloc alloc_skb __alloc_skb devm_kmalloc devm_kzalloc devm_kcalloc", why: "allocating reclaims memory, and so reaches every file system and driver" },
  { names: "kmem_cache_create kmem_cache_destroy kmem_cache_shrink", why: "a cache's own life is the allocator's business", sleeps: true },
  { names: "printk _printk vprintk _dev_printk _dev_err _dev_warn _dev_info dev_printk dev_err dev_warn dev_info dev_dbg pr_err pr_warn pr_info pr_debug netdev_err netdev_warn netdev_info netdev_printk seq_printf seq_puts snprintf scnprintf sprintf vsnprintf dump_stack trace_printk panic __warn_printk warn_slowpath_fmt BUG WARN WARN_ON WARN_ON_ONCE", why: "printing reaches every console" },
  { names: "mutex_lock mutex_lock_nested mutex_lock_interruptible mutex_lock_killable mutex_trylock mutex_unlock __mutex_lock down down_interruptible up down_read down_write down_read_trylock down_write_trylock up_read up_write rt_mutex_lock rt_mutex_unlock ww_mutex_lock ww_mutex_unlock percpu_down_read percpu_down_write percpu_up_read percpu_up_write", why: "a lock waits for its holder, which is a fact of its own; behind it is the scheduler", sleeps: true },
  { names: "spin_lock spin_unlock spin_lock_irqsave spin_unlock_irqrestore spin_lock_irq spin_unlock_irq spin_lock_bh spin_unlock_bh raw_spin_lock raw_spin_unlock raw_spin_lock_irqsave raw_spin_unlock_irqrestore read_lock read_unlock write_lock write_unlock local_irq_save local_irq_restore local_irq_enable local_irq_disable local_bh_enable local_bh_disable preempt_enable preempt_disable rcu_read_lock rcu_read_unlock", why: "locks without sleep: behind them are lockdep and the scheduler" },
  { names: "schedule schedule_timeout schedule_timeout_interruptible schedule_timeout_uninterruptible io_schedule cond_resched __cond_resched __might_sleep might_sleep msleep msleep_interruptible usleep_range usleep_range_state fsleep wait_for_completion wait_for_completion_timeout wait_for_completion_interruptible wait_for_completion_killable wait_event wait_event_timeout wait_event_interruptible wait_event_killable", why: "the scheduler runs everything", sleeps: true },
  { names: "wake_up wake_up_process wake_up_all wake_up_interruptible __wake_up complete complete_all swake_up_one try_to_wake_up", why: "waking others does not run them here" },
  { names: "queue_work queue_work_on schedule_work queue_delayed_work queue_delayed_work_on schedule_delayed_work mod_delayed_work mod_delayed_work_on kthread_queue_work tasklet_schedule mod_timer add_timer add_timer_on hrtimer_start hrtimer_start_range_ns irq_work_queue raise_softirq call_rcu call_rcu_hurry call_srcu __call_rcu_common", why: "queued work runs elsewhere and later: an entry point of its own" },
  { names: "flush_work flush_workqueue __flush_workqueue drain_workqueue destroy_workqueue alloc_workqueue cancel_work_sync cancel_delayed_work_sync flush_delayed_work kthread_stop kthread_create_on_node kthread_flush_work tasklet_kill del_timer_sync timer_delete_sync timer_shutdown_sync hrtimer_cancel", why: "waiting for queued work; what that work does is not done by the waiter", sleeps: true },
  { names: "request_threaded_irq request_irq free_irq devm_request_threaded_irq devm_request_irq devm_free_irq synchronize_irq synchronize_hardirq disable_irq __free_irq", why: "the irq core waits for handlers, not for readers", sleeps: true },
  { names: "disable_irq_nosync enable_irq irq_set_affinity irq_set_status_flags", why: "the irq core calls every irq chip" },
  { names: "synchronize_rcu synchronize_rcu_expedited synchronize_net synchronize_srcu synchronize_srcu_expedited synchronize_rcu_tasks rcu_barrier srcu_barrier synchronize_rcu_normal", why: "the grace period itself: who asks for it is the question, not what it does", sleeps: true },
  { names: "put_device get_device kobject_put kobject_get kobject_add kobject_del kobject_release kref_put kref_get fput fget dput iput mntput sock_put dev_put of_node_put of_node_get fwnode_handle_put module_put try_module_get iput_final mmput mmdrop put_task_struct put_pid put_cred", why: "a last reference runs a release function that depends on the object: it is an entry point where it is named" },
  { names: "device_register device_unregister device_add device_del device_create device_destroy driver_register driver_unregister bus_register bus_unregister device_attach device_bind_driver device_release_driver device_driver_attach really_probe driver_attach platform_driver_register platform_device_register pci_register_driver __pci_register_driver pci_unregister_driver platform_driver_unregister __platform_driver_register", why: "the driver core calls every driver through its tables", sleeps: true },
  { names: "blocking_notifier_call_chain atomic_notifier_call_chain raw_notifier_call_chain srcu_notifier_call_chain notifier_call_chain call_netdevice_notifiers", why: "a chain calls whoever registered" },
  { names: "sysfs_create_group sysfs_remove_group sysfs_create_file sysfs_remove_file debugfs_create_file debugfs_create_dir debugfs_remove debugfs_remove_recursive proc_create proc_remove kernfs_remove sysfs_notify", why: "the pseudo file systems serve everyone", sleeps: true },
  { names: "copy_from_user copy_to_user get_user put_user strncpy_from_user copy_to_iter copy_from_iter handle_mm_fault", why: "a page fault reaches every file system", sleeps: true },
  { names: "request_firmware request_module __request_module call_usermodehelper kernel_read kernel_write vfs_read vfs_write filp_open filp_close do_exit", why: "files and programs in general", sleeps: true },
  { names: "smp_call_function smp_call_function_single smp_call_function_many on_each_cpu on_each_cpu_mask stop_machine text_poke static_key_slow_inc static_key_slow_dec static_branch_enable static_branch_disable jump_label_update cpus_read_lock cpus_read_unlock", why: "every processor is asked" },
  { names: "pm_runtime_get_sync pm_runtime_put pm_runtime_put_sync pm_runtime_resume_and_get pm_runtime_get pm_runtime_put_autosuspend pm_runtime_force_suspend pm_runtime_force_resume __pm_runtime_resume __pm_runtime_suspend __pm_runtime_idle clk_prepare_enable clk_disable_unprepare clk_prepare clk_unprepare regulator_enable regulator_disable reset_control_assert reset_control_deassert regmap_read regmap_write regmap_update_bits", why: "frameworks that call drivers through tables" },
  { names: "vhost_work_queue tracepoint_probe_register trace_event_raw_event_preamble", why: "dispatch through lists" },
];

const byName: ReadonlyMap<string, StopRow> = new Map(rows.flatMap((row) => row.names.split(" ").map((name) => [name, row] as const)));

export function stopRowOf(name: string): StopRow | undefined {
  return byName.get(name);
}

export const stopRows = rows;
