# SYNTAX TEST "source.c" "what only looks like a primitive"
        my_rcu_read_lock2();
#       ^^^^^^^^^^^^^^^^^ source.c entity.name.function.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        rcu_read_lock2();
#       ^^^^^^^^^^^^^^ source.c entity.name.function.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        rvx_synchronize_rcu(domain);
#       ^^^^^^^^^^^^^^^^^^^ source.c entity.name.function.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        not_smp_mb();
#       ^^^^^^^^^^ source.c entity.name.function.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        smp_mbox();
#       ^^^^^^^^ source.c entity.name.function.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        rvx_free_rcu(head);
#       ^^^^^^^^^^^^ source.c entity.name.function.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        synchronize_irq(irq);
#       ^^^^^^^^^^^^^^^ source.c entity.name.function.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        list_del(&bond->list);
#       ^^^^^^^^ source.c entity.name.function.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        local_bh_disable();
#       ^^^^^^^^^^^^^^^^ source.c entity.name.function.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        guard(mutex)(&domain->lock);
#       ^^^^^ source.c entity.name.function.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        ops->barrier();
#            ^^^^^^^ source.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        queue.mb();
#             ^^ source.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        u64 mb = size >> 20, barrier = mb;
#           ^^ source.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
#                            ^^^^^^^ source.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
#                                      ^^ source.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        struct rcu_head rcu; work.func = call_rcu;
#              ^^^^^^^^ source.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
#                                        ^^^^^^^^ source.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        // rcu_read_lock(); smp_mb(); __rcu
#          ^^^^^^^^^^^^^ comment.line.double-slash.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
#                           ^^^^^^ comment.line.double-slash.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
        /* synchronize_rcu(); */ synchronize_rcu();
#          ^^^^^^^^^^^^^^^ comment.block.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
#                                ^^^^^^^^^^^^^^^ source.c support.function.rcu.kernel.c - comment.block.c
        /*
         * READ_ONCE(x) over two lines
#          ^^^^^^^^^ comment.block.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
         */
        pr_warn("rcu_read_lock() is \"held\", smp_mb()"); smp_mb();
#                ^^^^^^^^^^^^^ string.quoted.double.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
#                                             ^^^^^^ string.quoted.double.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
#                                                         ^^^^^^ source.c support.function.barrier.kernel.c - string.quoted.double.c
#include <linux/rcu_read_lock(>
#               ^^^^^^^^^^^^^ string.quoted.other.lt-gt.include.c - support.function.rcu.kernel.c support.function.barrier.kernel.c support.function.iommu.kernel.c
