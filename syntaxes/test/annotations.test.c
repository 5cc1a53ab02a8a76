# SYNTAX TEST "source.c" "what sparse reads"
struct rvx_domain {
# <------ - storage.type.struct.kernel.c
        struct rvx_info __rcu *info;
#       ^^^^^^ storage.type.struct.kernel.c
#              ^^^^^^^^ entity.name.type.struct.kernel.c
#                       ^^^^^ storage.modifier.annotation.kernel.c
#                              ^^^^ - storage.modifier.annotation.kernel.c
        void __iomem *base;
#            ^^^^^^^ storage.modifier.annotation.kernel.c
        u32 __user *arg; int __percpu *count;
#           ^^^^^^ storage.modifier.annotation.kernel.c
#                            ^^^^^^^^ storage.modifier.annotation.kernel.c
};
static void rvx_lock(struct rvx_domain *domain) __acquires(&domain->lock)
#                                               ^^^^^^^^^^ storage.modifier.annotation.kernel.c
static void rvx_unlock(struct rvx_domain *domain) __releases(&domain->lock);
#                                                 ^^^^^^^^^^ storage.modifier.annotation.kernel.c
static int rvx_attach(struct rvx_domain *domain) __must_hold(&domain->lock)
#                                                ^^^^^^^^^^^ storage.modifier.annotation.kernel.c
static struct rvx_info __rcu *rvx_table[4];
#      ^^^^^^ storage.type.struct.kernel.c
#                      ^^^^^ storage.modifier.annotation.kernel.c
int my__rcu, __rcu_head, __iomem2; /* __rcu */ char *s = "__iomem";
#   ^^^^^^^ - storage.modifier.annotation.kernel.c
#            ^^^^^^^^^^ - storage.modifier.annotation.kernel.c
#                        ^^^^^^^^ - storage.modifier.annotation.kernel.c
#                                     ^^^^^ comment.block.c - storage.modifier.annotation.kernel.c
#                                                         ^^^^^^^ string.quoted.double.c - storage.modifier.annotation.kernel.c
        struct rvx_info *plain; struct rvx_info fixed;
#       ^^^^^^ - storage.type.struct.kernel.c
#              ^^^^^^^^ - entity.name.type.struct.kernel.c
