import { spawn } from "node:child_process";
import type { Target } from "@berth/api-client/types.ts";
import { INSTALL } from "@berth/domain/remote/install.ts";
import { refuse } from "../refusal.ts";
import type { Address } from "./address.ts";

const form = /^ssh-[a-z0-9-]+ [A-Za-z0-9+/=]+( [A-Za-z0-9._@-]+)?$/;

/** A public key that may be shown as part of a command. @throws Refused */
export function checkKey(publicKey: string): string {
  if (!form.test(publicKey)) throw refuse("cli.unexpected", { detail: "The service gave a public key that is none." });
  return publicKey;
}

/** Of a target that is reached by SSH. @throws Refused */
export const publicKeyOf = ({ publicKey = "" }: Pick<Target, "publicKey">): string => checkKey(publicKey);

/** One line to paste for whoever would rather do it by hand. */
export function installCommand({ user, host, port }: Address, publicKey: string): string {
  const where = `${port === 22 ? "" : `-p ${port} `}${user}@${host}`;
  return `echo '${checkKey(publicKey)}' | ssh ${where} 'umask 077; mkdir -p ~/.ssh; cat >> ~/.ssh/authorized_keys'`;
}

/** Lets the key in through the person's own ssh, which asks for whatever it needs on the terminal. @throws Refused cli.key */
export async function installKey(name: string, address: Address, publicKey: string): Promise<void> {
  const { user, host, port } = address;
  const child = spawn("ssh", ["-p", String(port), "-l", user, "-o", "ConnectTimeout=20", "--", host, INSTALL], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  child.stdin.on("error", () => {}); // ssh ended before it read the key; its exit says so
  child.stdin.end(`${checkKey(publicKey)}\n`);
  const by = {
    next: [installCommand(address, publicKey), `berth target trust ${name}`],
    hint: `${name} is registered all the same. Add the key by hand, then confirm the server's host key.`,
  };
  const code = await ended.catch((error: NodeJS.ErrnoException) => {
    throw refuse("cli.key", {
      detail: error.code === "ENOENT" ? "There is no ssh on this machine." : error.message,
      cause: error,
      ...by,
    });
  });
  if (code !== 0) throw refuse("cli.key", { detail: `ssh ended with ${code ?? "a signal"}.`, ...by });
}
