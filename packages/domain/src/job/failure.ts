import type { Exit, RemoteError } from "../remote/remote.ts";
import { userName } from "../remote/user-name.ts";
import type { Failure } from "./job.ts";

/** The class is the contract: docs, CLI and dashboard read the same entry. */
export const failures = {
  unreachable: {
    title: "The server cannot be reached",
    remedy: "Check that it is running, that its address and port are right, and that no firewall blocks SSH.",
  },
  refused: {
    title: "The server refuses SSH connections",
    remedy: "Check that sshd is running and listens on the target's port.",
  },
  timeout: {
    title: "It took too long",
    remedy:
      "The message names what was waited for. If it only needs more time, allow for it with `start_period` in the health check or `wait` in berth.yaml.",
  },
  dropped: {
    title: "The connection was lost and could not be restored",
    remedy: "Check the server's network and try again: nothing runs twice.",
  },
  "auth.failed": {
    title: "The server does not accept the target's key",
    remedy: "Add the target's public key to ~/.ssh/authorized_keys of the target's user on the server.",
  },
  "hostkey.changed": {
    title: "The server's host key is not the one you confirmed",
    remedy:
      "Nothing was sent to it. If the server was reinstalled, confirm the new key with `berth target trust`; if not, find out who answers.",
  },
  "address.unknown": { title: "The target's host name has no address", remedy: "Check the name in DNS." },
  "address.refused": { title: "The target's host name resolves to a private address", remedy: "Use a public address." },
  untrusted: {
    title: "The target's host key was not confirmed",
    remedy: "Compare the fingerprint and confirm it with `berth target trust`.",
  },
  "docker.missing": {
    title: "Docker is not installed on the server",
    remedy: "Install Docker Engine: https://docs.docker.com/engine/install/",
  },
  "docker.down": { title: "Docker does not answer", remedy: "Start it on the server: sudo systemctl start docker" },
  "docker.denied": {
    title: "The target's user may not use Docker",
    remedy:
      "On the server: sudo usermod -aG docker USER (or use a target whose user is root). It takes effect at the next login.",
  },
  "compose.missing": {
    title: "Docker Compose is not installed on the server",
    remedy: "Install the package docker-compose-plugin (Compose version 2 or later).",
  },
  "compose.invalid": {
    title: "Docker Compose rejected the Compose file",
    remedy: "Fix what it names in the Compose file or in .env; `docker compose config` on your machine says the same.",
  },
  "tool.missing": { title: "A program is missing on the server", remedy: "Install the one it names (tar, flock)." },
  "folder.denied": {
    title: "Berth's folder on the server cannot be written",
    remedy: "Give the target's user the folder it names, or make the disk writable again.",
  },
  "files.failed": {
    title: "The release's files could not be put in place",
    remedy: "Look at the path it names on the server: something else may be in its place.",
  },
  "disk.full": {
    title: "The server's disk is full",
    remedy: "Free some space on the server: docker system df shows what Docker uses.",
  },
  "files.conflict": {
    title: "Something else is where the app's files belong",
    remedy: "Move what it names out of the app's folder there, or give the file another name, and deploy again.",
  },
  "arch.mismatch": {
    title: "The image was built for another CPU architecture",
    remedy: "Build the image for the server's architecture, or as a multi-platform image.",
  },
  "image.not_found": { title: "The image does not exist", remedy: "Check its name and tag, and that it was pushed." },
  "image.gone": {
    title: "An image of this release is not on the server any more",
    remedy:
      "It cannot be fetched by its digest either, and its tag may mean another image now. Push the image again, or deploy a new release.",
  },
  "registry.unavailable": { title: "The registry does not answer", remedy: "Try again later." },
  "registry.denied": {
    title: "The registry refused the server's pull",
    remedy: "Log in there once as the target's user: docker login REGISTRY",
  },
  "registry.untrusted": {
    title: "Docker does not trust the registry's connection",
    remedy:
      "On the server, put the registry's CA certificate into /etc/docker/certs.d/REGISTRY/ca.crt; or, for a registry without TLS, list it under insecure-registries in /etc/docker/daemon.json.",
  },
  "port.taken": {
    title: "A port that the app publishes is in use",
    remedy: "Stop whatever uses it, or publish another port.",
  },
  "name.taken": {
    title: "A container name of the app is in use",
    remedy: "Remove or rename that container, or take container_name out of the Compose file.",
  },
  "network.missing": {
    title: "A network the app expects does not exist",
    remedy: "Create it on the server: docker network create NAME. Or drop `external: true`, and Compose creates it.",
  },
  "volume.missing": {
    title: "A volume the app expects does not exist",
    remedy: "Create it on the server: docker volume create NAME. Or drop `external: true`, and Compose creates it.",
  },
  "mount.missing": {
    title: "A folder or file that the app mounts does not exist",
    remedy: "Create it on the server, or fix its path in the Compose file.",
  },
  "start.failed": {
    title: "A container could not be started",
    remedy: "Fix the cause that the message names and deploy again.",
  },
  unhealthy: {
    title: "The release did not become healthy",
    remedy: "Fix the cause and deploy again. If the service only needs longer to start, give its health check a `start_period`.",
  },
  canceled: { title: "It was canceled", remedy: "Deploy again whenever you like." },
  conflict: {
    title: "The app's folder or project name on the server is already taken",
    remedy: "Choose another app name or another server.",
  },
  busy: { title: "Another run is using the server", remedy: "It is tried again automatically." },
  interrupted: { title: "The server went down during the run", remedy: "It is tried again automatically." },
  fence: { title: "A newer run has taken over", remedy: "See the newer job." },
  overdue: { title: "It did not finish in time", remedy: "Check that the server answers, then try again." },
  "billing.required": { title: "The account has no plan any more", remedy: "Choose a plan, then deploy again." },
  "billing.grace": { title: "A payment failed before the job started", remedy: "Update your payment method, then deploy again." },
  "billing.restricted": { title: "The bill is unpaid", remedy: "Pay it, then deploy again." },
  "billing.hold": { title: "A payment is disputed", remedy: "Settle the dispute, then deploy again." },
  "target.not_found": { title: "The target was removed", remedy: "Deploy to another target." },
  internal: {
    title: "Something failed on our side",
    remedy: "Try again. If it fails again, write to support with the job's id; `berth whoami` shows the address.",
  },
} as const satisfies Record<string, { title: string; remedy: string }>;

export type FailureClass = keyof typeof failures;

export const isFailureClass = (text: string): text is FailureClass => Object.hasOwn(failures, text);

const MOST = 4096;
const plain = (text: string) => text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");

/** The failures on all of a job's targets share a row of at most 400 KB. */
const LOG_BYTES = 12_000;
const NAME_BYTES = 200;

/** Ends at a whole character. */
const cut = (text: string, most: number) =>
  Buffer.byteLength(text) <= most
    ? text
    : Buffer.from(text)
        .subarray(0, most)
        .toString()
        .replace(/\ufffd+$/u, "");

/** The most an error may say anywhere: 4 KB, without control characters. */
export const trim = (text: string) => cut(plain(text), MOST);

function lastLines(log: readonly string[]): string[] {
  const lines = log.slice(-40).map((line) => trim(line).slice(0, 400));
  let first = lines.length;
  for (let left = LOG_BYTES; first > 0; first--) {
    left -= Buffer.byteLength(lines[first - 1] ?? "");
    if (left < 0) break;
  }
  return lines.slice(first);
}

export const failure = (kind: FailureClass, more: Partial<Failure> = {}): Failure => ({
  class: kind,
  message: failures[kind].title,
  remedy: failures[kind].remedy,
  ...more,
});

function remedyOf(kind: FailureClass, { data, log, changed, service }: Exit): string {
  const general = failures[kind].remedy;
  if (kind === "docker.denied" && userName.test(data.user ?? "")) return general.replace("USER", () => data.user ?? "");
  if (kind === "disk.full" && !changed) return `${general} Nothing was stopped.`;
  if ((kind === "start.failed" || kind === "unhealthy") && log.length > 0)
    return `See the last lines of ${service ? cut(service, NAME_BYTES) : "the container"} below. ${general}`;
  return general;
}

/** Secrets are redacted before this cuts text, so that no cut leaves half of one. */
export function failureOf(exit: Exit): Failure {
  const kind = exit.class ?? "internal";
  return failure(kind, {
    remedy: trim(remedyOf(kind, exit)),
    ...(exit.message && { message: trim(exit.message) }),
    ...(exit.step && { step: cut(exit.step, NAME_BYTES) }),
    ...(exit.service && { service: cut(exit.service, NAME_BYTES) }),
    ...(exit.log.length > 0 && { log: lastLines(exit.log) }),
    ...(exit.changed && { rolledBack: exit.rolledBack }),
  });
}

/** A silent server is `unreachable`; `timeout` means that a run took too long. */
export function connectionFailure(error: RemoteError): Failure {
  const kind = error.class === "aborted" ? "dropped" : error.class === "timeout" ? "unreachable" : error.class;
  const { title } = failures[kind];
  const why = trim(error.message);
  return failure(kind, { message: why === "" || why.startsWith(title) ? why || title : `${title}: ${why}` });
}
