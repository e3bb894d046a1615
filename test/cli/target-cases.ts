import type { Case } from "./command-case.ts";

/** Of servers, on an account that has one called `web1`. */
export const targetCases: Record<string, Case> = {
  "target list": { args: [], text: /web1 +ready/, members: ["items"] },
  "target show": {
    args: ["web1"],
    text: /Docker +27\.3\.1/,
    members: ["id", "name", "status", "publicKey"],
    refused: { args: ["gone"], code: "target.not_found" },
  },
  "target check": {
    args: ["web1"],
    text: /✓ web1 is ready/,
    members: ["id", "name", "status", "facts"],
    refused: { args: ["gone"], code: "target.not_found" },
  },
  "target trust": {
    args: ["web1", "--yes"],
    text: /✓ web1 is ready/,
    members: ["id", "name", "hostKey"],
    refused: { args: ["gone", "--yes"], code: "target.not_found" },
  },
  "target add": {
    args: ["web2", "root@127.0.0.1", "--yes", "--no-install"],
    text: /✗ That|✓ web2 is ready/,
    members: ["target", "install", "next", "exit"],
    refused: { args: ["web1", "root@127.0.0.1"], code: "target.exists" },
  },
  "target bootstrap": {
    args: ["web1"],
    input: "a password\n",
    text: /✓ web1 is ready/,
    members: ["id", "name", "status", "facts"],
    refused: { args: ["gone"], code: "target.not_found" },
  },
  "target prepare": {
    args: ["web1", "--install-docker"],
    text: /✓ web1 is ready/,
    members: ["id", "name", "status", "facts"],
    refused: { args: ["gone", "--install-docker"], code: "target.not_found" },
  },
  "target use": {
    args: ["web1"],
    text: /✓ web1 is the default of this account/,
    members: ["id", "name", "default"],
    refused: { args: ["gone"], code: "target.not_found" },
  },
  "target label": {
    args: ["web1", "eu", "gpu"],
    text: /✓ web1 has the labels eu, gpu/,
    members: ["id", "name", "labels"],
    refused: { args: ["gone", "eu"], code: "target.not_found" },
  },
  "target remove": {
    args: ["web2", "--yes"],
    text: /web2 is forgotten/,
    members: ["id", "name", "removed"],
    refused: { args: ["web1", "--yes"], code: "target.in_use" },
  },
};
