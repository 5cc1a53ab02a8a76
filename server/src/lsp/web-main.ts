/** dist/server.web.js, a classic web worker: the language server, or, under the name of a reviewer, one of its threads. */

import { BrowserMessageReader, BrowserMessageWriter, createConnection } from "vscode-languageserver/browser";
import { createParser } from "../syntax/parser.ts";
import type { Question } from "./review-messages.ts";
import { ReviewEngine } from "./review-engine.ts";
import { serve } from "./server.ts";
import { reviewerName, type ToReviewer, webHost, type WorkerLike } from "./web-host.ts";
import { inflatedWasm } from "../syntax/web-wasm.ts";

type Scope = WorkerLike & { readonly name: string; readonly location: { readonly href: string }; readonly Worker: new (url: string, options: { readonly name: string }) => WorkerLike };

const scope = globalThis as unknown as Scope;

if (scope.name.endsWith(reviewerName)) reviewFor(scope);
else serveIn(scope);

function serveIn({ location, Worker: StartedWorker }: Scope): void {
  // Their parameter is a type of the web, which these sources do not know.
  const ends = scope as never;
  const connection = createConnection(new BrowserMessageReader(ends), new BrowserMessageWriter(ends));
  serve(connection, webHost(process.env.QUIESCE_VERSION ?? "0.0.0-source", () => new StartedWorker(location.href, { name: reviewerName })));
  connection.listen();
}

/** One question at a time; `cancel` arrives while the engine breathes. */
function reviewFor(reviewer: Scope): void {
  let isCancelled = false;
  const engine = new ReviewEngine({
    openParser: async () => createParser(await inflatedWasm()),
    readText: () => undefined,
    shouldStop: () => isCancelled,
    breathe: () => new Promise((resolve) => setTimeout(resolve, 0)),
  });
  const answer = (question: Question): void => {
    isCancelled = false;
    void engine.answer(question, (news) => reviewer.postMessage(news));
  };
  reviewer.onmessage = ({ data }) => {
    const message = data as ToReviewer;
    if (message.kind === "cancel") isCancelled = true;
    else answer(message.question);
  };
}
