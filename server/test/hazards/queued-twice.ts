/** rcu_heads that are queued again before their callback ran, and near twins that are right. */

const types = `struct hz_job {
	struct list_head node;
	int state;
	struct rcu_head rcu;
	struct rcu_head late;
};

struct hz_queue {
	struct list_head jobs;
	spinlock_t lock;
};

static void hz_job_free(struct rcu_head *head)
{
	kfree(container_of(head, struct hz_job, rcu));
}

static void hz_job_late(struct rcu_head *head)
{
	container_of(head, struct hz_job, late)->state = 0;
}

`;

export const rule = "rcu/queued-twice";

export const hazardous = [
  {
    name: "both the helper and its caller queue it",
    code: `${types}static void hz_unlink(struct hz_queue *q, struct hz_job *job)
{
	spin_lock(&q->lock);
	list_del_rcu(&job->node);
	spin_unlock(&q->lock);
	call_rcu(&job->rcu, hz_job_free);
}

static void hz_cancel(struct hz_queue *q, struct hz_job *job)
{
	hz_unlink(q, job);
	call_rcu(&job->rcu, hz_job_free);
}
`,
  },
  {
    name: "kfree_rcu() of what call_rcu() has",
    code: `${types}static void hz_cancel(struct hz_queue *q, struct hz_job *job)
{
	spin_lock(&q->lock);
	list_del_rcu(&job->node);
	spin_unlock(&q->lock);
	call_rcu(&job->rcu, hz_job_free);
	kfree_rcu(job, rcu);
}
`,
  },
  {
    name: "a branch falls through to the common end",
    code: `${types}static void hz_finish(struct hz_queue *q, struct hz_job *job, int error)
{
	spin_lock(&q->lock);
	list_del_rcu(&job->node);
	spin_unlock(&q->lock);
	if (error)
		call_rcu(&job->rcu, hz_job_free);
	call_rcu(&job->rcu, hz_job_free);
}
`,
  },
];

export const twins = [
  {
    name: "the branch returns",
    code: `${types}static void hz_finish(struct hz_queue *q, struct hz_job *job, int error)
{
	spin_lock(&q->lock);
	list_del_rcu(&job->node);
	spin_unlock(&q->lock);
	if (error) {
		call_rcu(&job->rcu, hz_job_free);
		return;
	}
	call_rcu(&job->rcu, hz_job_free);
}
`,
  },
  {
    name: "two heads of one object",
    code: `${types}static void hz_park(struct hz_job *job)
{
	call_rcu(&job->late, hz_job_late);
	call_rcu(&job->rcu, hz_job_free);
}
`,
  },
  {
    name: "the callback has run in between",
    code: `${types}static void hz_again(struct hz_job *job)
{
	call_rcu(&job->late, hz_job_late);
	rcu_barrier();
	call_rcu(&job->late, hz_job_late);
}
`,
  },
  {
    name: "two objects",
    code: `${types}static void hz_both(struct hz_job *a, struct hz_job *b)
{
	call_rcu(&a->rcu, hz_job_free);
	call_rcu(&b->rcu, hz_job_free);
}
`,
  },
];
