import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Launched, ServerSupervisor, type ServerState, type Startable } from "./server-supervisor.ts";

type FakeServer = Startable & { readonly die: () => void; readonly started: () => void; readonly refuse: (message: string) => void; isEnded: boolean; stops: number };

function setUp(): { readonly supervisor: ServerSupervisor<FakeServer>; readonly servers: FakeServer[]; readonly states: ServerState[]; readonly told: string[] } {
  const servers: FakeServer[] = [];
  const states: ServerState[] = [];
  const told: string[] = [];
  const launch = (died: () => void): Promise<Launched<FakeServer>> => {
    let resolve = (): void => undefined;
    let reject = (_: Error): void => undefined;
    const client: FakeServer = {
      start: () => new Promise<void>((whenStarted, whenNot) => ([resolve, reject] = [whenStarted, whenNot])),
      stop() {
        this.stops += 1;
        return Promise.resolve();
      },
      die: died, started: () => resolve(), refuse: (message) => reject(new Error(message)), isEnded: false, stops: 0,
    };
    servers.push(client);
    return Promise.resolve({ client, end: () => void (client.isEnded = true) });
  };
  const supervisor = new ServerSupervisor<FakeServer>({
    launch, now: () => Date.now(), log: () => undefined, onState: (state) => states.push(state),
    notices: { restarting: () => told.push("restarting"), gaveUp: (deaths, minutes) => told.push(`gave up after ${String(deaths)} in ${String(minutes)} min`), notStarted: (reason) => told.push(`not started: ${reason}`) },
  });
  return { supervisor, servers, states, told };
}

const wait = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a server", () => {
  it("that starts is there for who waited for it", async () => {
    const { supervisor, servers, states } = setUp();
    supervisor.start();
    await wait(0);
    const asked = supervisor.running();
    servers[0]?.started();
    expect(await asked).toBe(servers[0]);
    expect(states).toEqual(["starting", "running"]);
  });

  it("that dies is started again after half a second, with a new client", async () => {
    const { supervisor, servers, states, told } = setUp();
    supervisor.start();
    await wait(0);
    servers[0]?.started();
    await supervisor.running();
    servers[0]?.die();
    expect(servers[0]?.isEnded).toBe(true);
    await wait(499);
    expect(servers).toHaveLength(1);
    await wait(1);
    expect(servers).toHaveLength(2);
    servers[1]?.started();
    expect(await supervisor.running()).toBe(servers[1]);
    expect(states).toEqual(["starting", "running", "waiting", "starting", "running"]);
    expect(told).toEqual(["restarting"]);
  });

  it("that dies five times is given up, and who waited is told", async () => {
    const { supervisor, servers, told } = setUp();
    supervisor.start();
    await wait(0);
    const asked = supervisor.running().catch((error: unknown) => String(error));
    for (let count = 0; count < 5; count += 1) {
      servers[count]?.die();
      await wait(4_000);
    }
    expect(servers).toHaveLength(5);
    expect(supervisor.state).toBe("failed");
    expect(told.at(-1)).toBe("gave up after 5 in 3 min");
    expect(await asked).toContain("Quiesce: Restart Server");
  });

  it("that refuses to start is not tried again by itself", async () => {
    const { supervisor, servers, told } = setUp();
    supervisor.start();
    await wait(0);
    servers[0]?.refuse("no\n    at stack (frame.js)");
    await wait(10_000);
    expect(servers).toHaveLength(1);
    expect(servers[0]?.isEnded).toBe(true);
    expect(supervisor.state).toBe("failed");
    expect(told).toEqual(["not started: no at stack (frame.js)"]);
  });

  it("that cannot even be made fails in the same way", async () => {
    const told: string[] = [];
    const supervisor = new ServerSupervisor<FakeServer>({
      launch: () => Promise.reject(new Error("no workers here")),
      now: () => 0, log: () => undefined, onState: () => undefined,
      notices: { restarting: () => undefined, gaveUp: () => undefined, notStarted: (reason) => told.push(reason) },
    });
    supervisor.start();
    await wait(0);
    expect(supervisor.state).toBe("failed");
    expect(told).toEqual(["no workers here"]);
  });
});

describe("a restart by hand", () => {
  it("ends the server, forgets its deaths, and happens once however often it is asked for", async () => {
    const { supervisor, servers, told } = setUp();
    supervisor.start();
    await wait(0);
    for (let count = 0; count < 4; count += 1) {
      servers[count]?.die();
      await wait(4_000);
    }
    servers[4]?.started();
    await supervisor.running();
    await Promise.all([supervisor.restart(), supervisor.restart()]);
    expect(servers).toHaveLength(6);
    await wait(0);
    expect(servers[4]).toMatchObject({ stops: 1, isEnded: true });
    servers[5]?.die();
    expect(supervisor.state).toBe("waiting");
    expect(told).not.toContain("gave up");
  });

  it("does not wait for the back-off", async () => {
    const { supervisor, servers } = setUp();
    supervisor.start();
    await wait(0);
    servers[0]?.die();
    await supervisor.restart();
    expect(servers).toHaveLength(2);
    await wait(10_000);
    expect(servers).toHaveLength(2);
  });

  it("makes the late death of the old server count for nothing", async () => {
    const { supervisor, servers, told } = setUp();
    supervisor.start();
    await wait(0);
    servers[0]?.started();
    await supervisor.running();
    await supervisor.restart();
    servers[0]?.die();
    expect(told).toEqual([]);
    expect(supervisor.state).toBe("starting");
  });
});

it("that was launched in vain is ended", async () => {
  const { supervisor, servers } = setUp();
  supervisor.start();
  await supervisor.dispose();
  expect(servers[0]).toMatchObject({ stops: 0, isEnded: true });
});

it("after dispose nothing is started any more", async () => {
  const { supervisor, servers, states } = setUp();
  supervisor.start();
  await wait(0);
  servers[0]?.die();
  await supervisor.dispose();
  await wait(10_000);
  supervisor.start();
  expect(servers).toHaveLength(1);
  expect(states.at(-1)).toBe("stopped");
});
