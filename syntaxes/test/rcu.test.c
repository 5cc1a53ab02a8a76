# SYNTAX TEST "source.c" "readers, updaters, grace periods, lists"
static void rvx_sync(struct rvx_domain *domain)
#           ^^^^^^^^ - support.function.rcu.kernel.c
{
        rcu_read_lock();
#       ^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        rcu_read_unlock();
#       ^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        rcu_read_lock_bh();
#       ^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        rcu_read_unlock_sched();
#       ^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        rcu_read_lock_trace();
#       ^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        rcu_read_lock_held();
#       ^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        idx = srcu_read_lock(&domain->srcu);
#             ^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        srcu_read_unlock(&domain->srcu, idx);
#       ^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        srcu_down_read(&domain->srcu);
#       ^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        info = rcu_dereference(domain->info);
#              ^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        info = rcu_dereference_check(domain->info, 1);
#              ^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        info = rcu_dereference_protected(domain->info, 1);
#              ^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        info = rcu_dereference_raw(domain->info);
#              ^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        info = srcu_dereference(domain->info, &domain->srcu);
#              ^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        info = rcu_access_pointer(domain->info);
#              ^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        info = rcu_replace_pointer(domain->info, fresh, 1);
#              ^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        info = rtnl_dereference(domain->info);
#              ^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        rcu_assign_pointer(domain->info, fresh);
#       ^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        RCU_INIT_POINTER(domain->info, NULL);
#       ^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        synchronize_rcu();
#       ^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        synchronize_rcu_expedited();
#       ^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        synchronize_rcu_tasks_trace();
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        synchronize_net();
#       ^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        synchronize_srcu(&domain->srcu);
#       ^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        cond_synchronize_rcu(cookie);
#       ^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        cookie = start_poll_synchronize_rcu_full();
#                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        rcu_barrier();
#       ^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        rcu_barrier_tasks();
#       ^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        srcu_barrier(&domain->srcu);
#       ^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        call_rcu(&info->rcu, rvx_free);
#       ^^^^^^^^ source.c support.function.rcu.kernel.c
        call_rcu_hurry(&info->rcu, rvx_free);
#       ^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        call_rcu_tasks(&info->rcu, rvx_free);
#       ^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        call_srcu(&domain->srcu, &info->rcu, rvx_free);
#       ^^^^^^^^^ source.c support.function.rcu.kernel.c
        kfree_rcu(info, rcu);
#       ^^^^^^^^^ source.c support.function.rcu.kernel.c
        kfree_rcu_mightsleep(info);
#       ^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        kvfree_rcu(info, rcu);
#       ^^^^^^^^^^ source.c support.function.rcu.kernel.c
        queue_rcu_work(wq, &info->work);
#       ^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        list_add_rcu(&bond->list, &domain->bonds);
#       ^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        list_add_tail_rcu(&bond->list, &domain->bonds);
#       ^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        list_del_rcu(&bond->list);
#       ^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        list_replace_rcu(&old->list, &bond->list);
#       ^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        list_splice_init_rcu(&a, &b, synchronize_rcu);
#       ^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        hlist_del_init_rcu(&bond->node);
#       ^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        hlist_nulls_add_head_rcu(&bond->node, head);
#       ^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        hlist_bl_del_rcu(&bond->node);
#       ^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        list_for_each_entry_rcu(bond, &domain->bonds, list)
#       ^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        list_for_each_entry_srcu(bond, &domain->bonds, list, 1)
#       ^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        list_for_each_entry_continue_rcu(bond, &domain->bonds, list)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        hlist_for_each_entry_rcu_bh(bond, head, node)
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        rvx_for_each_entry_rcu(bond, domain)
#       ^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        bond = list_first_or_null_rcu(&domain->bonds, struct rvx_bond, list);
#              ^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        mmu_notifier_synchronize();
#       ^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        RCU_LOCKDEP_WARN(!held, "not held");
#       ^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        guard(rcu)();
#       ^^^^^ source.c support.function.rcu.kernel.c
        scoped_guard(srcu, &domain->srcu) {
#       ^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        if (rcu_dereference(a) == rcu_access_pointer(b))
#           ^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
#                                 ^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
        rcu_assign_pointer (domain->info, rcu_dereference_protected(p, 1));
#       ^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
#                                         ^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
	rcu_read_lock();
#^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c
rcu_read_unlock();
# <--------------- source.c support.function.rcu.kernel.c
#define rvx_walk(pos, d) list_for_each_entry_rcu(pos, &(d)->bonds, list)
#                        ^^^^^^^^^^^^^^^^^^^^^^^ support.function.rcu.kernel.c
}
