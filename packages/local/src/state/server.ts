import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Listens on the loopback interface only; port 0 takes a free one. */
export const listen = (server: Server, port: number): Promise<{ port: number }> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve({ port: (server.address() as AddressInfo).port });
    });
  });

/** Stops listening and ends every connection. */
export const close = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });

/** Begins something on the port wished for, or on any free one where that is taken. */
export async function nearby<T>(port: number, begin: (port: number) => Promise<T>): Promise<T> {
  try {
    return await begin(port);
  } catch (error) {
    if (port === 0 || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return begin(0);
  }
}
