import type { PlannedService } from "./plan.ts";

type Reason = PlannedService["reasons"][number];

/** Why, as the rest of a sentence that begins with "because". */
export const reasonWords = ({ reason, names }: Reason): string => words[reason](listed(names));

const words: Readonly<Record<Reason["reason"], (names: string) => string>> = {
  new: () => "it is not there yet",
  missing: () => "its container is gone",
  replicas: () => "it has another number of containers",
  image: () => "its image changed",
  command: () => "its command changed",
  environment: (names) => `its variables changed${names}`,
  files: () => "its files changed",
  ports: (names) => `its ports changed${names}`,
  volumes: (names) => `its volumes changed${names}`,
  networks: (names) => `its networks changed${names}`,
  labels: (names) => `its labels changed${names}`,
  health: () => "its health check changed",
  limits: () => "its limits changed",
  settings: (names) => `its settings changed${names}`,
  dependency: (names) => `what it depends on is replaced or changed${names}`,
  namespace: (names) => `it shares with a service that is replaced${names}`,
  "network changed": (names) => `its network is made anew${names}`,
  "not running": () => "it does not run",
};

const MOST = 5;

function listed(names: readonly string[]): string {
  if (names.length === 0) return "";
  const rest = names.length - MOST;
  return ` (${names.slice(0, MOST).join(", ")}${rest > 0 ? ` and ${rest} more` : ""})`;
}
