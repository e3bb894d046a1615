import { createServer, type Socket, connect as tcpConnect } from "node:net";

export interface Relay {
  readonly host: string;
  readonly port: number;
  /** Open connections through it. */
  readonly open: () => number;
  /** Cuts every open connection on both sides at once, as a broken line does. */
  cut(): void;
  close(): Promise<void>;
}

/** A TCP relay on the loopback interface that gives a link a round-trip time: each way takes half of it. 0 passes on at once. */
export async function startRelay(to: { host: string; port: number }, roundTripMs = 0): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = tcpConnect(to.port, to.host);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => {}); // the other side is told by its own close
    }
    pass(near, far, roundTripMs / 2);
    pass(far, near, roundTripMs / 2);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the relay has no port");
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    host: "127.0.0.1",
    port: address.port,
    open: () => sockets.size / 2,
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pass(from: Socket, to: Socket, delayMs: number): void {
  const later = (work: () => void) => (delayMs === 0 ? work() : void setTimeout(work, delayMs));
  from.on("data", (chunk: Buffer) => later(() => to.writable && to.write(chunk)));
  from.on("end", () => later(() => to.end()));
  from.on("close", () => later(() => to.destroy()));
}
