/** What the server and a judging thread say to each other: plain data both ways. */

import type { Attempt } from "../evidence/attempt.ts";
import type { Judgement, JudgeOptions } from "../evidence/judge.ts";

export type JudgeQuestion = { readonly attempt: Attempt; readonly model: JudgeOptions["model"] };

export type JudgeAnswer = { readonly kind: "judged"; readonly judgement: Judgement } | { readonly kind: "failed"; readonly message: string };
