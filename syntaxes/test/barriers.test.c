# SYNTAX TEST "source.c" "fences and marked accesses"
static void rvx_doorbell(struct rvx_queue *queue)
{
        smp_mb();
#       ^^^^^^ source.c support.function.barrier.kernel.c
        smp_rmb();
#       ^^^^^^^ source.c support.function.barrier.kernel.c
        smp_wmb();
#       ^^^^^^^ source.c support.function.barrier.kernel.c
        mb();
#       ^^ source.c support.function.barrier.kernel.c
        rmb();
#       ^^^ source.c support.function.barrier.kernel.c
        wmb();
#       ^^^ source.c support.function.barrier.kernel.c
        dma_mb();
#       ^^^^^^ source.c support.function.barrier.kernel.c
        dma_rmb();
#       ^^^^^^^ source.c support.function.barrier.kernel.c
        dma_wmb();
#       ^^^^^^^ source.c support.function.barrier.kernel.c
        barrier();
#       ^^^^^^^ source.c support.function.barrier.kernel.c
        smp_mb__before_atomic();
#       ^^^^^^^^^^^^^^^^^^^^^ source.c support.function.barrier.kernel.c
        smp_mb__after_atomic();
#       ^^^^^^^^^^^^^^^^^^^^ source.c support.function.barrier.kernel.c
        smp_mb__after_spinlock();
#       ^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.barrier.kernel.c
        smp_mb__after_unlock_lock();
#       ^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.barrier.kernel.c
        smp_mb__after_srcu_read_unlock();
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.barrier.kernel.c
        smp_store_release(&queue->tail, tail);
#       ^^^^^^^^^^^^^^^^^ source.c support.function.barrier.kernel.c
        tail = smp_load_acquire(&queue->tail);
#              ^^^^^^^^^^^^^^^^ source.c support.function.barrier.kernel.c
        smp_store_mb(queue->tail, tail);
#       ^^^^^^^^^^^^ source.c support.function.barrier.kernel.c
        tail = smp_cond_load_acquire(&queue->tail, VAL);
#              ^^^^^^^^^^^^^^^^^^^^^ source.c support.function.barrier.kernel.c
        virt_wmb();
#       ^^^^^^^^ source.c support.function.barrier.kernel.c
        WRITE_ONCE(queue->tail, tail);
#       ^^^^^^^^^^ source.c support.function.barrier.kernel.c
        tail = READ_ONCE(queue->tail);
#              ^^^^^^^^^ source.c support.function.barrier.kernel.c
        smp_acquire__after_ctrl_dep();
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.barrier.kernel.c
        while (READ_ONCE(*p) != tail) barrier();
#              ^^^^^^^^^ source.c support.function.barrier.kernel.c
#                                     ^^^^^^^ source.c support.function.barrier.kernel.c
}
