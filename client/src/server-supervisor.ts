/**
 * Keeps one language server running. Every start gets a client of its own: one whose start failed, or whose server died
 * while it started, cannot be used again. Knows no editor, so that its times can be tested.
 */

import { afterDeath, recentDeaths } from "./restart-policy.ts";
import { messageOf } from "./words.ts";

export type ServerState =
  | "starting"
  | "running"
  /** It ended by itself and will be started again. */
  | "waiting"
  /** It did not start, or ended too often: only a person starts it again. */
  | "failed"
  | "stopped";

export type Startable = { start(): Promise<void>; stop(): Promise<void> };

export type Launched<Client extends Startable> = {
  readonly client: Client;
  /** Ends what is left of it, in whatever state the client is; called once. */
  readonly end: () => void;
};

/** What a person is told; each at most once for one event. */
export type ServerNotices = {
  readonly restarting: () => void;
  readonly gaveUp: (deaths: number, minutes: number) => void;
  readonly notStarted: (reason: string) => void;
};

export type SupervisorContext<Client extends Startable> = {
  /** Makes a client that is not started yet. `died` is for an end that nobody asked for. */
  readonly launch: (died: () => void) => Promise<Launched<Client>>;
  readonly onState: (state: ServerState) => void;
  readonly notices: ServerNotices;
  readonly log: (message: string) => void;
  readonly now: () => number;
};

/** Owns the running client and the timer of the next start. */
export class ServerSupervisor<Client extends Startable> {
  readonly #context: SupervisorContext<Client>;
  #state: ServerState = "stopped";
  /** Another object for every start: what an earlier one still has to say counts for nothing. */
  #attempt: object | undefined;
  #launched: Launched<Client> | undefined;
  #deathTimes: readonly number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiters: (() => void)[] = [];
  #restart: Promise<void> | undefined;
  #isDisposed = false;

  constructor(context: SupervisorContext<Client>) {
    this.#context = context;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** The client while its server runs. */
  get client(): Client | undefined {
    return this.#state === "running" ? this.#launched?.client : undefined;
  }

  /** Returns at once; `onState` tells the rest. */
  start(): void {
    clearTimeout(this.#timer);
    if (!this.#isDisposed) void this.#launch();
  }

  /** The client as soon as its server runs; an error with words for the user when there will be none. */
  async running(): Promise<Client> {
    for (;;) {
      const { client } = this;
      if (client !== undefined) return client;
      if (this.#state === "failed" || this.#state === "stopped") throw new Error("the language server is not running; the command Quiesce: Restart Server starts it again");
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  /** A person's wish: what happened before no longer counts. */
  restart(): Promise<void> {
    this.#restart ??= this.#restartNow().finally(() => {
      this.#restart = undefined;
    });
    return this.#restart;
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await this.#stop();
  }

  async #restartNow(): Promise<void> {
    this.#deathTimes = [];
    await this.#stop();
    this.start();
  }

  async #launch(): Promise<void> {
    const attempt = {};
    this.#attempt = attempt;
    this.#setState("starting");
    const isCurrent = (): boolean => this.#attempt === attempt;
    try {
      const launched = await this.#context.launch(() => {
        if (isCurrent()) this.#died();
      });
      if (!isCurrent()) return launched.end();
      this.#launched = launched;
      await launched.client.start();
      if (!isCurrent()) return;
      this.#context.log("the server is running");
      this.#setState("running");
    } catch (error) {
      // A server that died meanwhile was counted as dead.
      if (isCurrent()) this.#failToStart(error);
    }
  }

  #died(): void {
    this.#forget()?.end();
    this.#deathTimes = recentDeaths([...this.#deathTimes, this.#context.now()]);
    const next = afterDeath(this.#deathTimes);
    if (next.kind === "give-up") {
      this.#context.log(`the server ended ${String(next.deaths)} times within ${String(next.minutes)} minutes; it is not started again`);
      this.#setState("failed");
      this.#context.notices.gaveUp(next.deaths, next.minutes);
      return;
    }
    this.#context.log(`the server ended by itself; it is started again in ${String(next.delayMs / 1_000)} s`);
    this.#setState("waiting");
    this.#context.notices.restarting();
    this.#timer = setTimeout(() => this.start(), next.delayMs);
  }

  #failToStart(error: unknown): void {
    this.#forget()?.end();
    const reason = messageOf(error);
    this.#context.log(`the server did not start: ${reason}`);
    this.#setState("failed");
    this.#context.notices.notStarted(reason);
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#timer);
    const launched = this.#forget();
    this.#setState("stopped");
    if (launched === undefined) return;
    // One that is only starting cannot be asked to stop; it is ended all the same.
    await launched.client.stop().catch((error: unknown) => this.#context.log(`the server was ended: ${messageOf(error)}`));
    launched.end();
  }

  #forget(): Launched<Client> | undefined {
    const launched = this.#launched;
    this.#attempt = undefined;
    this.#launched = undefined;
    return launched;
  }

  #setState(state: ServerState): void {
    this.#state = state;
    this.#context.onState(state);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
