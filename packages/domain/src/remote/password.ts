/** The one use of a password: to let a key in. It is sent once, after the pinned host key was compared. Import lazily: ssh2 is large. */
import { Client } from "ssh2";
import { INSTALL } from "./install.ts";
import type { LetIn } from "./reach.ts";
import { RemoteError } from "./remote.ts";
import { dialPinned, toRemoteError } from "./ssh.ts";
import { cleanText } from "./text.ts";

/** In the words of OpenSSH and of PAM, where a command is refused until somebody has set a new password. */
const wantsAnother = /password change required|required to change your password|password has expired/iu;

/**
 * Writes the public key into the user's authorized_keys.
 * @throws RemoteError, `hostkey.changed` and `password.refused` before the password is sent
 */
export const letIn: LetIn = (address, password, publicKey, signal) =>
  new Promise((resolve, reject) => {
    const client = new Client();
    const end = (error?: unknown) => {
      signal?.removeEventListener("abort", giveUp);
      client.end();
      if (error) reject(error);
      else resolve();
    };
    const giveUp = () => {
      client.destroy();
      reject(new RemoteError("aborted", "The caller stopped waiting"));
    };
    if (signal?.aborted) return giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    const trying = oneTry(address.user, password);
    client.once("ready", () => write(client, publicKey).then(() => end(), end));
    client.once("close", () => end(new RemoteError("unreachable", "The server hung up")));
    dialPinned(client, address, { authHandler: trying.next }, (error) => {
      const known = toRemoteError(error);
      end(known.class === "auth.failed" ? trying.refusal() : known);
    });
  });

interface Prompt {
  readonly prompt: string;
}

/** Asks what the server takes, and answers with the password once: as such, or where it asks for it by itself. */
function oneTry(username: string, password: string) {
  let [tried, more] = [false, ""];
  const asked = (_name: string, _text: string, _lang: string, prompts: readonly Prompt[], answer: (texts: string[]) => void) => {
    if (prompts.length === 0) return answer([]);
    if (!tried && prompts.length === 1) {
      tried = true;
      return answer([password]);
    }
    more ||= cleanText(prompts.map(({ prompt }) => prompt).join(" ")).slice(0, 200) || "another question";
    answer(prompts.map(() => ""));
  };
  let began = false;
  return {
    next(left: readonly string[] | null, partly: boolean | null) {
      if (left === null) return { type: "none" as const, username };
      if (partly) more ||= left.join(", ");
      if (began) return false;
      began = true;
      if (left.includes("password")) {
        tried = true;
        return { type: "password" as const, username, password };
      }
      return left.includes("keyboard-interactive") && { type: "keyboard-interactive" as const, username, prompt: asked };
    },
    refusal(): RemoteError {
      if (more) return new RemoteError("password.more", `The server wants more than the password: ${more}`);
      return tried
        ? new RemoteError("password.wrong", `The server did not let ${username} in with the password`)
        : new RemoteError("password.refused", "The server lets nobody in with a password");
    },
  };
}

function write(client: Client, publicKey: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.exec(INSTALL, (error, channel) => {
      if (error) return reject(toRemoteError(error));
      let said = "";
      let status: number | undefined;
      const hear = (chunk: Buffer) => {
        said = (said + chunk.toString("utf8")).slice(-2_000);
      };
      channel.on("data", hear);
      channel.stderr.on("data", hear);
      channel.on("error", () => {}); // its status decides
      channel.on("exit", (code: number | null) => {
        status = code ?? undefined;
      });
      channel.once("close", () => {
        if (status === 0) return resolve();
        const line = cleanText(said.trim().split("\n").at(-1) ?? "");
        if (wantsAnother.test(said)) return reject(new RemoteError("password.more", line));
        reject(new RemoteError("key.failed", line || `The server ended the command with status ${status ?? "unknown"}`));
      });
      channel.end(`${publicKey}\n`);
    });
  });
}
