export const targetProblems = {
  "target.not_found": { status: 404, title: "No such target", next: ["berth target list"] },
  "target.exists": {
    status: 409,
    title: "There is a target with that name",
    hint: "Choose another name, or go on with the server that has it.",
    next: ["berth target show NAME"],
  },
  "target.address": {
    status: 422,
    title: "That address cannot be a target",
    hint: "Give a public IP address, or a name that resolves only to public addresses.",
  },
  "target.untrusted": {
    status: 409,
    title: "The target's host key was not confirmed",
    hint: "Compare the fingerprint with the server's own and confirm it.",
    next: ["berth target trust NAME"],
  },
  "target.not_by_ssh": {
    status: 409,
    title: "The target is reached by SSM, and has neither host key nor password",
    hint: "A role in your AWS account gives Berth access. Check the target to see whether it does.",
    next: ["berth target check NAME"],
  },
  "target.key_mismatch": {
    status: 409,
    title: "That is not the host key the server showed",
    hint: "Look at the fingerprint again; confirm only the one you can verify.",
    next: ["berth target check NAME"],
  },
  "target.bootstrapping": {
    status: 409,
    title: "A password is being tried on that target",
    hint: "Wait for that job to end, then look at the target.",
    next: ["berth target show NAME"],
  },
  "target.labels_full": { status: 409, title: "The target has as many labels as it can", hint: "Remove one first." },
  "target.in_use": {
    status: 409,
    title: "Apps are deployed on that target",
    hint: "Remove them first.",
    next: ["berth app list"],
  },
} as const;
