/** Shapes that once gave a wrong verdict (of real drivers: ../wrongly-confirmed.test.ts): each is small, and says what it must not say again. */

import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const prelude = `struct e { struct list_head list; struct list_head other; int type; struct rcu_head rcu; };
struct cfg { int limit; struct rcu_head rcu; };
struct d { struct list_head elems; spinlock_t lock; struct mutex mutex; struct rw_semaphore sem; struct srcu_struct srcu; struct cfg __rcu *cfg; int active; unsigned long flags; struct cfg __rcu *slot[4]; };
enum { T_RCU, T_PLAIN };
#define F_SYNC 1
#define WAIT_RCU synchronize_rcu()
int rd(struct d *d) { struct e *e; int sum = 0; rcu_read_lock(); list_for_each_entry_rcu(e, &d->elems, list) sum += e->type; rcu_read_unlock(); return sum; }
int rdcfg(struct d *d) { struct cfg *c; int v = 0; rcu_read_lock(); c = rcu_dereference(d->cfg); if (c) v = c->limit; rcu_read_unlock(); return v; }
int rdslot(struct d *d) { struct cfg *c; int v = 0; rcu_read_lock(); c = rcu_dereference(d->slot[2]); if (c) v = c->limit; rcu_read_unlock(); return v; }
`;

async function verdicts(code: string): Promise<readonly string[]> {
  return (await reviewText(prelude + code)).filter((one) => one.rule !== "rcu/grace-period-on-attach-path").map((one) => one.evidence?.verdict ?? "");
}

/** Correct code: nothing may be confirmed. */
const correct: Record<string, string> = {
  "kfree(NULL) does nothing": "void f(struct d *d, struct cfg *new) { struct cfg *old = rcu_replace_pointer(d->cfg, new, 1); if (old) synchronize_rcu(); kfree(old); }",
  "an argument decides the wait": "static void g(struct e *e, bool wait) { list_del_rcu(&e->list); if (wait) synchronize_rcu(); kfree(e); } void f(struct e *e) { g(e, true); }",
  "a flag argument decides the wait": "static void g(struct e *e, int flags) { list_del_rcu(&e->list); if (flags & F_SYNC) synchronize_rcu(); kfree(e); } void f(struct e *e) { g(e, F_SYNC); }",
  "two values of one enum exclude each other": "void f(struct d *d, struct e *e) { spin_lock(&d->lock); if (e->type == T_RCU) list_del_rcu(&e->list); spin_unlock(&d->lock); if (e->type == T_PLAIN) goto out; synchronize_rcu();\nout:\nkfree(e); }",
  "the same mask is asked twice": "void f(struct d *d, struct e *e) { spin_lock(&d->lock); if (d->flags & 1) list_del_rcu(&e->list); spin_unlock(&d->lock); if (!(d->flags & 1)) { kfree(e); return; } synchronize_rcu(); kfree(e); }",
  "a count that went up is not 0": "void f(struct d *d, struct e *e) { int nr = 0; if (d->active) { list_del_rcu(&e->list); nr++; } if (nr) synchronize_rcu(); kfree(e); }",
  "an endless loop ends at its break": "void f(struct d *d, struct e *e) { list_del_rcu(&e->list); for (;;) { if (d->active) { synchronize_rcu(); break; } cpu_relax(); } kfree(e); }",
  "a macro may wait": "void f(struct e *e) { list_del_rcu(&e->list); WAIT_RCU; kfree(e); }",
  "a statement expression may wait": "void f(struct e *e) { list_del_rcu(&e->list); ({ synchronize_rcu(); 1; }); kfree(e); }",
  "unknown lock calls on both sides": "int rd2(struct d *d) { struct e *e; int s = 0; d_claim(d); rcu_read_lock(); list_for_each_entry_rcu(e, &d->elems, list) s += e->type; rcu_read_unlock(); d_drop(d); return s; } void f(struct d *d, struct e *e) { d_claim(d); list_del_rcu(&e->list); d_drop(d); kfree_rcu(e, rcu); }",
  "a fresh container has no reader": "void f(void) { struct d *d = kzalloc(sizeof(*d), GFP_KERNEL); struct cfg *c = kzalloc(sizeof(*c), GFP_KERNEL); rcu_assign_pointer(d->cfg, c); rcu_assign_pointer(d->cfg, NULL); kfree(c); }",
  "a plain list of unknown head": "void f(struct e *e) { list_del(&e->list); kfree(e); }",
  "a local list": "void f(void) { struct e *e, *n; LIST_HEAD(gone); list_for_each_entry_safe(e, n, &gone, list) { list_del(&e->list); kfree(e); } }",
  "a loop that waits for memory": "void f(struct d *d, struct e *e) { list_del_rcu(&e->list); while (atomic_read(&d->active)) cpu_relax(); kfree(e); }",
  "swap() hands the old one out": "void f(struct d *d, struct cfg *new) { struct cfg *old = rcu_replace_pointer(d->cfg, new, 1); swap(old, new); kfree(old); }",
  "an RCU callback takes down what is out of reach": "static void cb(struct rcu_head *h) { struct d *d = container_of(h, struct d, flags); struct e *e, *n; list_for_each_entry_safe(e, n, &d->elems, list) { list_del_rcu(&e->list); kfree(e); } } void f(struct d *d) { call_rcu((void *)&d->flags, cb); }",
};

Object.assign(correct, {
  "an errno is negative": "static int unl(struct e *e) { if (e->type == 9) return -ENOENT; list_del_rcu(&e->list); return 0; } void f(struct e *e) { int ret = unl(e); if (ret < 0) { kfree(e); return; } kfree_rcu(e, rcu); }",
  "a number is compared": "void f(struct e *e, int t) { int n = 0; if (t) { list_del_rcu(&e->list); n = 1; } if (n > 0) synchronize_rcu(); kfree(e); }",
  "a stored condition is the condition": "void f(struct e *e) { bool pub = e->type == 3; if (e->type == 3) list_del_rcu(&e->list); if (pub) synchronize_rcu(); kfree(e); }",
  "?: with NULL is not the other arm": "void f(struct e *e, bool pub) { if (pub) { list_del_rcu(&e->list); kfree_rcu(e, rcu); } kfree(pub ? NULL : e); }",
  "a lock of an embedded structure": "struct core { spinlock_t lock; }; struct outer { struct core core; struct list_head elems; }; int rdo(struct outer *o) { struct e *e; int s = 0; spin_lock(&o->core.lock); rcu_read_lock(); list_for_each_entry_rcu(e, &o->elems, other) s += e->type; rcu_read_unlock(); spin_unlock(&o->core.lock); return s; } void f(struct core *c, struct e *e) { spin_lock(&c->lock); list_del_rcu(&e->other); kfree(e); spin_unlock(&c->lock); }",
  "a known number of rounds": "void f(struct e *e) { int i; for (i = 0; i < 2; i++) { if (i == 1) synchronize_rcu(); else list_del_rcu(&e->list); } kfree(e); }",
  "a NULL test before the marked load": "int f(struct d *d) { struct cfg *c; int v = 0; rcu_read_lock(); if (d->cfg) { c = rcu_dereference(d->cfg); if (c) v = c->limit; } rcu_read_unlock(); return v; }",
} satisfies Record<string, string>);

/** Broken code: nothing may be refuted. */
const broken: Record<string, string> = {
  "a wait behind &&": "static bool quiesce(struct d *d) { synchronize_rcu(); return true; } void f(struct d *d, struct e *e) { list_del_rcu(&e->list); if (d->active && quiesce(d)) d->flags = 0; kfree(e); }",
  "a wait in one arm of ?:": "static int quiesce(struct d *d) { synchronize_rcu(); return 1; } void f(struct d *d, struct e *e) { int r; list_del_rcu(&e->list); r = d->active ? quiesce(d) : 0; kfree(e); }",
  "a flag set in an arm": "void f(struct d *d, struct e *e, int flags) { int need = 0; if (flags & 4) need = 1; list_del_rcu(&e->list); if (need) synchronize_rcu(); kfree(e); }",
  "a flag set in a loop": "void f(struct d *d, struct e *e, int n) { int i, sync = 0; for (i = 0; i < n; i++) sync = 1; list_del_rcu(&e->list); if (sync) synchronize_rcu(); kfree(e); }",
  "a flag written through its address": "void f(struct d *d, struct e *e) { unsigned int mode = 1; regmap_read(d, 4, &mode); list_del_rcu(&e->list); if (mode) synchronize_rcu(); kfree(e); }",
  "a lock that trylock did not get": "int rdl(struct d *d) { struct e *e; int s = 0; mutex_lock(&d->mutex); rcu_read_lock(); list_for_each_entry_rcu(e, &d->elems, list) s += e->type; rcu_read_unlock(); mutex_unlock(&d->mutex); return s; } void f(struct d *d, struct e *e) { if (!mutex_trylock(&d->mutex)) pr_warn(\"busy\"); list_del_rcu(&e->list); kfree(e); }",
  "a lock that both sides only read-lock": "int rdl(struct d *d) { struct e *e; int s = 0; down_read(&d->sem); rcu_read_lock(); list_for_each_entry_rcu(e, &d->elems, list) s += e->type; rcu_read_unlock(); up_read(&d->sem); return s; } void f(struct d *d, struct e *e) { lockdep_assert_held_read(&d->sem); list_del_rcu(&e->list); kfree(e); }",
  "cond_synchronize_rcu() with an old cookie": "void f(struct e *e, unsigned long cookie) { list_del_rcu(&e->list); cond_synchronize_rcu(cookie); kfree(e); }",
  "unlinked, waited for, linked and unlinked again": "void f(struct d *d, struct e *e) { list_del_rcu(&e->list); synchronize_rcu(); list_add_rcu(&e->list, &d->elems); list_del_rcu(&e->list); kfree(e); }",
  "the wrong slot was cleared": "void f(struct d *d) { struct cfg *old = rcu_dereference_protected(d->slot[1], lockdep_is_held(&d->mutex)); RCU_INIT_POINTER(d->slot[0], NULL); synchronize_rcu(); RCU_INIT_POINTER(d->slot[1], NULL); kfree(old); }",
  "another structure's SRCU domain": "int rds(struct d *d) { struct e *e; int v = 0, idx = srcu_read_lock(&d->srcu); list_for_each_entry_srcu(e, &d->elems, other, 1) v += e->type; srcu_read_unlock(&d->srcu, idx); return v; } void f(struct d *d, struct d *o, struct e *e) { list_del_rcu(&e->other); synchronize_srcu(&o->srcu); kfree(e); }",
  "rcu_barrier() for synchronize_rcu()": "void f(struct e *e) { list_del_rcu(&e->list); rcu_barrier(); kfree(e); }",
};

Object.assign(broken, {
  "put back before the free": "void f(struct d *d, struct e *e) { list_del_rcu(&e->list); synchronize_rcu(); list_add_rcu(&e->list, &d->elems); kfree(e); }",
  "different locks of an array": "struct a { spinlock_t locks[2]; struct list_head elems; }; int rda(struct a *d) { struct e *e; int s = 0; spin_lock(&d->locks[1]); rcu_read_lock(); list_for_each_entry_rcu(e, &d->elems, other) s += e->type; rcu_read_unlock(); spin_unlock(&d->locks[1]); return s; } void f(struct a *d, struct e *e) { spin_lock(&d->locks[0]); list_del_rcu(&e->other); kfree(e); spin_unlock(&d->locks[0]); }",
  "one reader of another flavour among many": "int r2(struct d *d) { struct cfg *c; int v = 0; rcu_read_lock_bh(); c = rcu_dereference_bh(d->cfg); if (c) v = c->limit; rcu_read_unlock_bh(); return v; } int r3(struct d *d) { struct cfg *c; int v = 0; rcu_read_lock(); c = rcu_dereference(d->cfg); if (c) v = 2 * c->limit; rcu_read_unlock(); return v; } int r4(struct d *d) { struct cfg *c; int v = 0, i = srcu_read_lock(&d->srcu); c = srcu_dereference(d->cfg, &d->srcu); if (c) v = c->limit; srcu_read_unlock(&d->srcu, i); return v; } void f(struct d *d, struct cfg *new) { struct cfg *old = rcu_replace_pointer(d->cfg, new, 1); synchronize_rcu(); kfree(old); }",
  "a flag that goes from round to round": "void f(struct d *d, struct cfg *n) { bool waited = false; int i; for (i = 0; i < 4; i++) { struct cfg *o = rcu_replace_pointer(d->slot[i], NULL, 1); if (!waited) { synchronize_rcu(); waited = true; } kfree(o); } }",
  "a reader that knows the object by a typedef": "typedef struct cfg cfg_t; int r6(struct d *d) { cfg_t *c; int v = 0, i = srcu_read_lock(&d->srcu); c = srcu_dereference(d->cfg, &d->srcu); if (c) v = c->limit; srcu_read_unlock(&d->srcu, i); return v; } void f(struct d *d, struct cfg *new) { struct cfg *old = rcu_replace_pointer(d->cfg, new, 1); synchronize_rcu(); kfree(old); }",
  "an inner name that hides the outer": "void f(struct d *d, struct e *e, int sync) { list_del_rcu(&e->list); { int sync = 1; if (sync) d->active = 1; } if (sync) synchronize_rcu(); kfree(e); }",
  "a reader behind a macro": "#define D_READ(d) srcu_read_lock(&(d)->srcu)\nint r5(struct d *d) { int i = D_READ(d); srcu_read_unlock(&d->srcu, i); return 0; } void f(struct e *e) { list_del_rcu(&e->list); synchronize_rcu(); kfree(e); }",
} satisfies Record<string, string>);

describe("nothing wrong is confirmed", () => {
  for (const [name, code] of Object.entries(correct)) it(name, async () => { expect(await verdicts(code)).not.toContain("confirmed"); });
});

describe("no bug is refuted", () => {
  for (const [name, code] of Object.entries(broken)) {
    it(name, async () => {
      const all = await verdicts(code);
      expect(all.length).toBeGreaterThan(0);
      expect(all.some((verdict) => verdict !== "refuted"), all.join()).toBe(true);
    });
  }
});
