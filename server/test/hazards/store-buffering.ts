import type { Hazards } from "./hazards.ts";

const driver = (stop: string, complete = "	smp_mb();\n", lock = false): string => `struct tx_queue {
	spinlock_t lock;
	int stopped;
	int used;
};

static void tx_stop(struct tx_queue *queue)
{
${lock ? "	spin_lock(&queue->lock);\n" : ""}${stop}${lock ? "	spin_unlock(&queue->lock);\n" : ""}}

static void tx_complete(struct tx_queue *queue)
{
${lock ? "	spin_lock(&queue->lock);\n" : ""}	WRITE_ONCE(queue->used, 0);
${complete}	if (READ_ONCE(queue->stopped))
		tx_wake(queue);
${lock ? "	spin_unlock(&queue->lock);\n" : ""}}
`;

const store = "	WRITE_ONCE(queue->stopped, 1);\n";
const load = "	if (READ_ONCE(queue->used) == 0)\n		WRITE_ONCE(queue->stopped, 0);\n";

export const rule = "ordering/store-buffering";

export const hazardous: Hazards["hazardous"] = [
  { name: "one side has no barrier", code: driver(store + load) },
  { name: "smp_wmb() does not order a load", code: driver(`${store}	smp_wmb();\n${load}`) },
  { name: "a release store does not order a load", code: driver(`	smp_store_release(&queue->stopped, 1);\n${load}`) },
];

export const twins: Hazards["twins"] = [
  { name: "both sides have one", code: driver(`${store}	smp_mb();\n${load}`) },
  { name: "both sides under one lock", code: driver(store + load, "	smp_mb();\n", true) },
  { name: "the barrier of the other side comes with a counter that has its own reasons", code: driver(store + load, "	if (!atomic_dec_and_test(&queue->users))\n		return;\n").replace("	int used;\n", "	int used;\n	atomic_t users;\n") },
  { name: "what is loaded behind the store is a number that is counted up", code: driver(`${store}	queue->used++;\n`) },
  { name: "neither side has one: nobody says that it matters", code: driver(store + load, "") },
];
