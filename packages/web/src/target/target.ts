import type { Target } from "@berth/api-client/types.ts";
import type { Tone } from "../ui/status.tsx";

const statusWords: Record<Target["status"], { tone: Tone; word: string }> = {
  untrusted: { tone: "wait", word: "Host key to confirm" },
  unchecked: { tone: "busy", word: "Being checked" },
  ready: { tone: "good", word: "Ready" },
  unready: { tone: "bad", word: "Not ready" },
  changed: { tone: "bad", word: "Another host key" },
};

/** A target's state in the words of its page. */
export function targetStatus(target: Pick<Target, "status" | "shownKey" | "problem">): { tone: Tone; word: string } {
  if (target.status === "untrusted" && target.problem) return { tone: "bad", word: "Not reached" };
  if (target.status === "untrusted" && !target.shownKey) return { tone: "busy", word: "Reading its host key" };
  return statusWords[target.status];
}

/** Whether the page should look again soon: something about it is being found out. */
export const pending = (target: Pick<Target, "status" | "shownKey" | "problem">) =>
  target.status === "unchecked" || (target.status === "untrusted" && !target.shownKey && !target.problem);

/** One line that lets Berth's key in, typed by the user on the server. Quotes in it are closed whatever the key says. */
export const letIn = (publicKey: string) =>
  `mkdir -p -m 700 ~/.ssh && echo '${publicKey.replaceAll("'", "")}' >> ~/.ssh/authorized_keys && chmod 600 ~/.ssh/authorized_keys`;

const keyFiles: Record<string, string> = {
  "ssh-ed25519": "ssh_host_ed25519_key.pub",
  "ssh-rsa": "ssh_host_rsa_key.pub",
};

/** The command that shows the same fingerprint on the server itself. */
export const showFingerprint = (type: string) =>
  `ssh-keygen -lf /etc/ssh/${keyFiles[type] ?? (type.startsWith("ecdsa") ? "ssh_host_ecdsa_key.pub" : "ssh_host_ed25519_key.pub")}`;

const gigabytes = (megabytes: unknown) =>
  Number.isFinite(Number(megabytes)) && megabytes !== "" && megabytes !== undefined
    ? `${(Number(megabytes) / 1024).toFixed(1)} GB`
    : undefined;

/** What the last check found, in words, as far as it is there. */
export function factsOf(facts: Record<string, unknown> | undefined): readonly (readonly [term: string, value: string])[] {
  if (!facts) return [];
  const text = (name: string) => (typeof facts[name] === "string" && facts[name] !== "" ? facts[name] : undefined);
  const free = gigabytes(facts.disk_free_mb);
  const all: readonly (readonly [string, string | undefined])[] = [
    ["Docker", text("docker")],
    ["Compose", text("compose")],
    ["Architecture", text("arch")],
    ["System", text("os")],
    ["Disk free", free && (gigabytes(facts.disk_mb) ? `${free} of ${gigabytes(facts.disk_mb)}` : free)],
    ["Memory", gigabytes(facts.memory_mb)],
  ];
  return all.flatMap(([term, value]) => (value ? [[term, value] as const] : []));
}
