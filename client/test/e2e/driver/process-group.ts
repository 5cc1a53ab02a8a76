/** A server process and everything it starts, ended together. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createWriteStream, existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { until } from "./until.ts";

const running = new Set<ProcessGroup>();
/** A test run that is ended leaves no server behind. */
process.on("exit", () => {
  for (const group of running) group.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

/** Owns a process that leads a group of its own, so that ending the group ends exactly what we started. */
export class ProcessGroup {
  readonly log: string;
  readonly #leader: ChildProcess;
  #hasEnded = false;

  constructor(command: string, args: readonly string[], options: { readonly log: string; readonly env?: Readonly<Record<string, string>> }) {
    this.log = options.log;
    const log = createWriteStream(options.log, { flags: "a" });
    this.#leader = spawn(command, args, { detached: true, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...options.env } });
    this.#leader.stdout?.pipe(log, { end: false });
    this.#leader.stderr?.pipe(log, { end: false });
    this.#leader.on("error", (error) => log.write(`${String(error)}\n`));
    this.#leader.on("exit", () => (this.#hasEnded = true));
    running.add(this);
  }

  /** Waits until the address answers; a server that ended before is an error that names its log. */
  async answers(url: string): Promise<void> {
    try {
      await until(`an answer of ${url} (log: ${this.log})`, async () => {
        if (this.#hasEnded) throw new Error(`the server ended with status ${this.#leader.exitCode}; log: ${this.log}`);
        return fetch(url).then((response) => response.ok, () => false);
      });
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Command lines of the group's processes, by their id. */
  processes(): ReadonlyMap<number, string> {
    const rows = existsSync("/proc/self/stat") ? processesOfLinux() : processesByPs();
    return new Map(rows.flatMap(({ id, group, args }) => (group === this.#leader.pid ? [[id, args] as const] : [])));
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#leader.pid === undefined) return;
    try {
      process.kill(-this.#leader.pid, signal);
    } catch {
      // Nothing of the group is left.
    }
  }

  async stop(): Promise<void> {
    this.kill("SIGTERM");
    const isGone = (): boolean => this.#leader.pid === undefined || this.processes().size === 0;
    await until("the end of the server", isGone, { patienceMs: 5_000 }).catch(() => this.kill("SIGKILL"));
    running.delete(this);
  }
}

type ProcessRow = { readonly id: number; readonly group: number; readonly args: string };

/** `ps` is not on every Debian. A process may end while it is read, and one that ended but was not waited for is none. */
function processesOfLinux(): readonly ProcessRow[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      // pid (name) state parent group: the name may hold anything, brackets too.
      const [state, , group] = readFileSync(`/proc/${name}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
      const args = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      return state === "Z" ? [] : [{ id: Number(name), group: Number(group), args }];
    } catch {
      return [];
    }
  });
}

function processesByPs(): readonly ProcessRow[] {
  const { stdout } = spawnSync("ps", ["-eo", "pid=,pgid=,args="], { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => {
    const row = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return row ? [{ id: Number(row[1]), group: Number(row[2]), args: row[3] ?? "" }] : [];
  });
}

export async function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? done(address.port) : fail(new Error("no port"))));
    });
  });
}
