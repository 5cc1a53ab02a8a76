/** What a worker thread can be asked to do; bundled as dist/worker.cjs and named by pool.ts. */

export { litmusJob } from "./litmus-job.ts";
export { reviewJob } from "./review-job.ts";
