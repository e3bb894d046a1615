/** Servers over SSH: public key only, the pinned host key compared before any credential is sent. Import lazily: ssh2 is large. */
import { timingSafeEqual } from "node:crypto";
import { Client, type ClientChannel, type ConnectConfig, type ServerHostKeyAlgorithm } from "ssh2";
import { aborted, follow } from "./follow.ts";
import { fingerprint, keyType } from "./key.ts";
import { readPack } from "./pack.ts";
import { type Address, type Connect, type Remote, RemoteError } from "./remote.ts";
import { RUN, toRequest } from "./request.ts";
import { cleanText } from "./text.ts";

const connectMs = 10_000;
// A dead peer is noticed after three unanswered keepalives, 16 s.
const keepalive = { keepaliveInterval: 4_000, keepaliveCountMax: 3 };

const hostKeyAlgorithms: Record<string, ServerHostKeyAlgorithm[]> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

export interface HostKey {
  readonly type: string;
  readonly key: string;
  readonly fingerprint: string;
}

export function scanHostKey(host: string, port: number): Promise<HostKey> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    let seen: Buffer | undefined;
    client.on("error", (error) => {
      if (!seen) return reject(toRemoteError(error));
      const key = seen.toString("base64");
      resolve({ type: keyType(key), key, fingerprint: fingerprint(key) });
    });
    client.once("close", () => reject(new RemoteError("unreachable", "The server hung up before it named its key")));
    const hostVerifier = (key: Buffer) => {
      seen = Buffer.from(key);
      return false;
    };
    const serverHostKey = Object.values(hostKeyAlgorithms).flat();
    dial(client, { host, port, username: "berth", hostVerifier, algorithms: { serverHostKey } });
  });
}

/** @throws RemoteError, `hostkey.changed` before any credential is sent */
export const connectSsh: Connect = (address, key, signal) =>
  new Promise((resolve, reject) => {
    const client = new Client();
    const giveUp = () => {
      client.destroy();
      reject(aborted());
    };
    if (signal?.aborted) return giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    client.once("ready", () => {
      signal?.removeEventListener("abort", giveUp);
      resolve(toRemote(client));
    });
    client.once("close", () => reject(new RemoteError("unreachable", "The server hung up")));
    dialPinned(client, address, { privateKey: key, authHandler: ["publickey"] }, (error) => reject(toRemoteError(error)));
  });

/** Gives up before any credential is sent where another host key is shown than the pinned one. */
export function dialPinned(
  client: Client,
  address: Address,
  credential: Pick<ConnectConfig, "privateKey" | "authHandler">,
  onError: (error: SshError | RemoteError) => void,
): void {
  const serverHostKey = hostKeyAlgorithms[keyType(address.hostKey)];
  if (!serverHostKey) throw new Error("the pinned host key is of a type that is not supported");
  let changed = false;
  client.on("error", (error) => onError(changed ? hostKeyChanged() : error));
  dial(client, {
    host: address.host,
    port: address.port,
    username: address.user,
    ...credential,
    algorithms: { serverHostKey },
    hostVerifier: (seen: Buffer) => {
      changed = !isPinned(address, seen);
      return !changed;
    },
  });
}

function dial(client: Client, config: ConnectConfig): void {
  client.connect({ ...keepalive, readyTimeout: connectMs, timeout: connectMs, ...config });
  // A handshake is many small packets: with Nagle's algorithm each would wait for the server's delayed acknowledgement.
  client.setNoDelay(true);
}

function isPinned(address: Address, seen: Buffer): boolean {
  const pinned = Buffer.from(address.hostKey, "base64");
  return pinned.length === seen.length && timingSafeEqual(pinned, seen);
}

function toRemote(client: Client): Remote {
  let lost: Error | undefined;
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  client.on("error", (error) => {
    lost = error;
  });
  return {
    async run(input, onEvent, signal) {
      if (signal?.aborted) throw aborted();
      const request = await toRequest(input);
      const channel = await open(client, closed, signal);
      return follow(channel, request, input, onEvent, closed, () => lost, signal);
    },
    async save(input) {
      const channel = await open(client, closed, undefined);
      channel.end(await toRequest(input));
      channel.stderr.resume();
      return readPack(channel);
    },
    async close() {
      client.end();
      const timer = setTimeout(() => client.destroy(), 1_000);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** A server may also accept the connection and never answer the exec request. */
function open(client: Client, closed: Promise<void>, signal: AbortSignal | undefined): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(aborted());
    signal?.addEventListener("abort", giveUp, { once: true });
    void closed.then(() => reject(new RemoteError("dropped", "The connection was lost")));
    try {
      client.exec(RUN, (error, channel) => {
        signal?.removeEventListener("abort", giveUp);
        if (error) return reject(toRemoteError(error));
        if (signal?.aborted) channel.destroy();
        resolve(channel);
      });
    } catch (cause) {
      reject(new RemoteError("dropped", "The connection is closed", { cause }));
    }
  });
}

function hostKeyChanged(): RemoteError {
  return new RemoteError("hostkey.changed", "The server does not have the host key that was confirmed for it");
}

type SshError = Error & { level?: string; code?: string };

export function toRemoteError(error: SshError | RemoteError): RemoteError {
  if (error instanceof RemoteError) return error;
  const cause = { cause: error };
  if (error.level === "client-authentication") {
    return new RemoteError("auth.failed", "The server did not accept the key made for it", cause);
  }
  if (error.level === "client-timeout" || error.code === "ETIMEDOUT" || /timed out/iu.test(error.message)) {
    return new RemoteError("timeout", "The server did not answer in time", cause);
  }
  if (error.code === "ECONNREFUSED") return new RemoteError("refused", "Nothing listens on that port", cause);
  if (/no matching host key format/u.test(error.message)) return hostKeyChanged();
  return new RemoteError("unreachable", cleanText(error.message), cause);
}
