import type { Failure } from "../job/job.ts";
import type { Exit, RemoteError } from "../remote/remote.ts";

/** Every class of failure of a job, with what to do about it. The class is the contract: docs, CLI and dashboard read the same entry. */
export const failures = {
  unreachable: {
    title: "The server cannot be reached",
    remedy: "Check that it is up and that a firewall lets SSH through, then deploy again.",
  },
  refused: { title: "The server refuses connections", remedy: "Check that sshd runs and listens on the target's port." },
  timeout: {
    title: "It took too long",
    remedy: "Look at the last step in the log; a slow pull or a service that never gets ready is the usual cause.",
  },
  dropped: {
    title: "The connection was lost and could not be made again",
    remedy: "Check the server's network, then deploy again: nothing runs twice.",
  },
  "auth.failed": {
    title: "The server does not accept the target's key",
    remedy: "Add the target's public key to ~/.ssh/authorized_keys there; `berth target show` prints it.",
  },
  "hostkey.changed": {
    title: "The server showed another host key than the confirmed one",
    remedy:
      "Nothing was sent to it. If the server was reinstalled, confirm the new key with `berth target trust`; if not, find out who answers.",
  },
  "address.unknown": { title: "The target's name has no address", remedy: "Check the name in DNS." },
  "address.refused": { title: "The target's name leads to a private address", remedy: "Use a public address." },
  untrusted: {
    title: "The target's host key was not confirmed",
    remedy: "Compare the fingerprint and confirm it with `berth target trust`.",
  },
  "docker.missing": {
    title: "Docker is not installed there",
    remedy: "Install Docker Engine: https://docs.docker.com/engine/install/",
  },
  "docker.down": { title: "Docker does not answer there", remedy: "Start it: systemctl start docker" },
  "compose.missing": {
    title: "The Compose plugin is not installed there",
    remedy: "Install docker-compose-plugin (Compose v2).",
  },
  "compose.invalid": {
    title: "Docker Compose does not accept the file",
    remedy: "Mend the place it names; `docker compose config` shows the same.",
  },
  "tool.missing": { title: "A program the runner needs is missing there", remedy: "Install the one it names (tar, flock)." },
  "disk.full": {
    title: "There is too little disk space",
    remedy: "Free some: docker system df shows what Docker uses. Nothing was stopped.",
  },
  "arch.mismatch": {
    title: "The image is for another processor",
    remedy: "Build the image for the server's architecture, or as a multi-platform image.",
  },
  "image.not_found": { title: "The image does not exist", remedy: "Check its name and tag, and that it was pushed." },
  "registry.unavailable": { title: "The registry does not answer", remedy: "Try again later; what served serves on." },
  "registry.denied": { title: "The registry does not let the server pull", remedy: "Log in there once: docker login REGISTRY" },
  "port.taken": { title: "A port the app publishes is taken", remedy: "Stop what holds it, or publish another port." },
  "start.failed": { title: "A container could not be started", remedy: "Read its last lines below." },
  unhealthy: {
    title: "The release did not become healthy",
    remedy: "Read the service's last lines below; mend it and deploy again.",
  },
  canceled: { title: "It was canceled", remedy: "Deploy again when you like." },
  conflict: {
    title: "Another account's app is in that place on the server",
    remedy: "Choose another app name or another server.",
  },
  busy: { title: "Another run holds the server", remedy: "It is tried again by itself." },
  interrupted: { title: "The server went away in the middle of the run", remedy: "It is tried again by itself." },
  fence: { title: "A newer run has taken over", remedy: "Look at the newer job." },
  overdue: { title: "It was not done in time", remedy: "Check that the server answers, then deploy again." },
  "billing.required": { title: "There is no plan any more", remedy: "Choose a plan, then deploy again." },
  "billing.grace": { title: "A payment failed before the job started", remedy: "Mend the payment, then deploy again." },
  "billing.restricted": { title: "The bill is unpaid", remedy: "Pay it, then deploy again." },
  "billing.hold": { title: "A payment is disputed", remedy: "Settle the dispute, then deploy again." },
  "target.not_found": { title: "The target was removed", remedy: "Deploy to another target." },
  internal: { title: "Something failed on our side", remedy: "Deploy again; if it stays, write to support with the job's id." },
} as const satisfies Record<string, { title: string; remedy: string }>;

export type FailureClass = keyof typeof failures;

export const isFailureClass = (text: string): text is FailureClass => Object.hasOwn(failures, text);

const MOST = 4096;
const plain = (text: string) => text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");

/** 4 KB of text at most, without control characters: what an error may be anywhere. */
export const trim = (text: string) => plain(text).slice(0, MOST);

export const failure = (kind: FailureClass, more: Partial<Failure> = {}): Failure => ({
  class: kind,
  message: failures[kind].title,
  remedy: failures[kind].remedy,
  ...more,
});

/** The runner's verdict as a failure, with every known secret taken out. */
export function failureOf(exit: Exit, redact: (text: string) => string): Failure {
  const kind = exit.class ?? "internal";
  // Redacted before it is cut, or a secret that the cut goes through would show its beginning.
  const clean = (text: string) => redact(plain(text)).slice(0, MOST);
  return failure(kind, {
    ...(exit.message && { message: clean(exit.message) }),
    ...(exit.step && { step: exit.step }),
    ...(exit.service && { service: exit.service }),
    ...(exit.log.length > 0 && { log: exit.log.slice(-40).map((line) => clean(line).slice(0, 400)) }),
    ...(exit.changed && { rolledBack: exit.rolledBack }),
  });
}

/** Why a server could not be talked to, as a failure. One that is silent is out of reach for now; `timeout` is what a run itself ends with. */
export function failureOfLine(error: RemoteError): Failure {
  const kind = error.class === "aborted" ? "dropped" : error.class === "timeout" ? "unreachable" : error.class;
  return failure(kind, { message: `${failures[kind].title}: ${trim(error.message)}` });
}
