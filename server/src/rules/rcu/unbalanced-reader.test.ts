import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const desk = `struct desk {
	struct list_head node;
	struct desk __rcu *next;
	int n;
};
`;

const check = (code: string): Promise<unknown> => checkRule("rcu/unbalanced-reader", `${desk}${code}`);

describe("rcu/unbalanced-reader", () => {
  it("0 that says held, where an error says not", () => check(`
int desk_begin(struct desk *d)
{
	rcu_read_lock();
	if (!rcu_dereference(d->next)) {
		rcu_read_unlock();
		return -ENOENT;
	}
	return 0;
}
`));

  it("a pointer that leaves it open, where another pointer does not", () => check(`
struct desk *desk_pick(struct desk *d, struct desk *other)
{
	rcu_read_lock();
	if (!rcu_dereference(d->next))
		return other;
//              ^^^^^^^^^^^^ undecided: open
	rcu_read_unlock();
	return d;
}
`));

  it("a pointer that leaves it open, to callers who never leave a section", () => check(`
static struct desk *desk_first(struct desk *d)
{
	struct desk *next;

	rcu_read_lock();
	next = rcu_dereference(d->next);
	if (next)
		return next;
//              ^^^^^^^^^^^ confirmed: open
	rcu_read_unlock();
	return NULL;
}

void desk_count(struct desk *d)
{
	if (desk_first(d))
		d->n++;
}
`));

  it("an error that leaves it open, where 0 does not", () => check(`
int desk_begin(struct desk *d)
{
	rcu_read_lock();
	if (!rcu_dereference(d->next))
		return -ENOENT;
//              ^^^^^^^^^^^^^^^ confirmed: open
	rcu_read_unlock();
	return 0;
}
`));

  it("two constants, of a function whose callers never leave a section", () => check(`
static int desk_has(struct desk *d)
{
	rcu_read_lock();
	if (rcu_dereference(d->next)) {
		rcu_read_unlock();
		return 1;
	}
	return 0;
//      ^^^^^^^^ confirmed: open
}

void desk_wait(struct desk *d)
{
	while (desk_has(d))
		msleep(100);
}
`));

  it("two constants, whose caller may hand the section on", () => check(`
static bool desk_has(struct desk *d)
{
	rcu_read_lock();
	if (rcu_dereference(d->next))
		return true;
//              ^^^^^^^^^^^ undecided: open
	rcu_read_unlock();
	return false;
}

int desk_open(struct desk *d)
{
	return desk_has(d) ? 0 : -EBUSY;
}
`));

  it("two constants, of a function whose caller leaves the section", () => check(`
static bool desk_has(struct desk *d)
{
	rcu_read_lock();
	if (rcu_dereference(d->next))
		return true;
	rcu_read_unlock();
	return false;
}

void desk_use(struct desk *d)
{
	if (desk_has(d)) {
		d->n++;
		rcu_read_unlock();
	}
}
`));

  it("a value that says nothing, of a function whose callers never leave a section", () => check(`
static int desk_size(struct desk *d)
{
	struct desk *next;
	int n;

	rcu_read_lock();
	next = rcu_dereference(d->next);
	if (!next) {
		rcu_read_unlock();
		return 0;
	}
	n = next->n;
	return n;
//      ^^^^^^^^^ confirmed: open
}

void desk_show(struct seq_file *file, struct desk *d)
{
	seq_printf(file, "%d", desk_size(d));
}
`));

  it("a value that says nothing, of a function whose caller leaves the section", () => check(`
static int desk_size(struct desk *d)
{
	struct desk *next;
	int n;

	rcu_read_lock();
	next = rcu_dereference(d->next);
	if (!next) {
		rcu_read_unlock();
		return 0;
	}
	n = next->n;
	return n;
//      ^^^^^^^^^ undecided: callers of desk_size() may tell
}

void desk_show(struct seq_file *file, struct desk *d)
{
	if (desk_size(d))
		rcu_read_unlock();
}
`));

  it("a value that says nothing, handed on to callers elsewhere", () => check(`
static int desk_size(struct desk *d)
{
	struct desk *next;
	int n;

	rcu_read_lock();
	next = rcu_dereference(d->next);
	if (!next) {
		rcu_read_unlock();
		return 0;
	}
	n = next->n;
	return n;
//      ^^^^^^^^^ undecided: callers of desk_size() may tell
}

int desk_begin(struct desk *d)
{
	return desk_size(d);
}
`));

  it("one value on both ways, tested before the section is left", () => check(`
int desk_begin(struct desk *d)
{
	int n;

	rcu_read_lock();
	n = desk_find(d);
	if (n)
		rcu_read_unlock();
	return n;
}
`));

  it("an unlock for the caller, taken again", () => check(`
int desk_pause(struct desk *d)
{
	rcu_read_unlock();
	d->n++;
	rcu_read_lock();
	return d->n;
}
`));

  it("another flavour left in another order", () => check(`
int desk_sum(struct desk *d)
{
	int n;

	rcu_read_lock();
	local_bh_disable();
	n = d->n;
	rcu_read_unlock();
	local_bh_enable();
	return n;
}
`));

  it("an unknown call that may be the other half", () => check(`
int desk_sum(struct desk *d)
{
	rcu_read_lock();
	if (d->n) {
		desk_read_unlock(d);
		return 1;
//              ^^^^^^^^ undecided: desk_read_unlock(), which no path that leaves the section calls, may leave it
	}
	rcu_read_unlock();
	return 1;
}
`));

  it("its name says nothing of what it does", () => check(`
int desk_sum(struct desk *d)
{
	rcu_read_lock();
	if (d->n) {
		desk_paint(d);
		return 1;
//              ^^^^^^^^ undecided: desk_paint(), which no path that leaves the section calls, may leave it
	}
	rcu_read_unlock();
	return 1;
}
`));

  it("an unknown call that all paths make is no other half", () => check(`
int desk_sum(struct desk *d)
{
	rcu_read_lock();
	desk_paint_done(d);
	if (d->n)
		return -EINVAL;
//              ^^^^^^^^^^^^^^ confirmed: open
	rcu_read_unlock();
	return 1;
}
`));

  it("a macro of the file that leaves it", () => check(`
#define DESK_OUT(d) do { (d)->n--; rcu_read_unlock(); desk_paint(d); } while (0)

int desk_sum(struct desk *d)
{
	rcu_read_lock();
	if (d->n) {
		DESK_OUT(d);
		return 1;
	}
	rcu_read_unlock();
	return 1;
}
`));

  it("one unlock too many, where no path alone calls what is unknown", () => check(`
int desk_sum(struct desk *d)
{
	if (d->n < 0)
		desk_hold(d);
	rcu_read_lock();
	if (!rcu_dereference(d->next)) {
		rcu_read_unlock();
		goto out;
	}
	rcu_read_unlock();
	return 1;
out:
	rcu_read_unlock();
//      ^^^^^^^^^^^^^^^^^ confirmed: left already
	return 0;
}
`));

  it("a loop that enters and leaves in every round", () => check(`
int desk_wait(struct desk *d)
{
	for (;;) {
		rcu_read_lock();
		if (rcu_dereference(d->next)) {
			rcu_read_unlock();
			return 0;
		}
		rcu_read_unlock();
		cond_resched();
	}
}
`));

  it("__acquires() says that it is meant", () => check(`
static void desk_start(struct desk *d)
	__acquires(RCU)
{
	rcu_read_lock();
	if (d->n)
		return;
	rcu_read_unlock();
}
`));
});
