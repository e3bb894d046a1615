import type { Target } from "@berth/api-client/types.ts";

/** The command that puts a server right, as far as one does; otherwise the one that says more. Undefined for one that is ready. */
export function fixOf(target: Target): string | undefined {
  const { name, status, problem, shownKey } = target;
  if (status === "ready") return undefined;
  if (shownKey && (status === "untrusted" || status === "changed")) return `berth target trust ${name}`;
  if (target.ssm && problem) return `berth target show ${name}`;
  switch (problem?.class) {
    case "auth.failed":
      return `berth target bootstrap ${name}`;
    case "docker.missing":
    case "compose.missing":
      return `berth target prepare ${name} --install-docker`;
    case "docker.down":
      return `${sshTo(target)} sudo systemctl start docker`;
    case "docker.denied":
      return `${sshTo(target)} sudo usermod -aG docker ${target.user}`;
    case undefined:
      return `berth target check ${name}`;
    default:
      return `berth target show ${name}`;
  }
}

const sshTo = ({ user, host, port = 22 }: Target) => `ssh ${port === 22 ? "" : `-p ${port} `}${user}@${host}`;
