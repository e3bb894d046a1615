export const variableProblems = {
  "variable.not_found": {
    status: 404,
    title: "No such secret or variable",
    hint: "The list has every name that is set.",
    next: ["berth secret list --app APP", "berth variable list --app APP"],
  },
  "variable.no_namespace": {
    status: 404,
    title: "There is nothing in that namespace",
    hint: "Set a secret or a variable in it first, or leave it out.",
    next: ["berth secret list --app APP", "berth variable list --app APP"],
  },
  "variable.kind": {
    status: 409,
    title: "That name is set as the other kind",
    hint: "A name is a secret or a variable. Unset it first to change which.",
    next: ["berth secret list --app APP", "berth variable list --app APP"],
  },
  "variable.too_many": {
    status: 409,
    title: "There are too many secrets and variables",
    hint: "An environment has 200 of them, with 256 KB of values. Unset those that nothing uses; mount a large file from the project's folder.",
    next: ["berth secret list --app APP", "berth variable list --app APP"],
  },
} as const;
