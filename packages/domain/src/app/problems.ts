export const appProblems = {
  "app.not_found": { status: 404, title: "No such app", next: ["berth app list"] },
  "app.too_many": {
    status: 409,
    title: "There are too many apps",
    hint: "Remove apps that are no longer used.",
    next: ["berth app list", "berth app remove APP"],
  },
  "environment.too_many": {
    status: 409,
    title: "The app has too many environments",
    hint: "Remove environments that are no longer used.",
    next: ["berth app remove APP --environment NAME"],
  },
  "app.exists": { status: 409, title: "There is an app with that name", hint: "Choose another name.", next: ["berth app list"] },
  "app.busy": {
    status: 409,
    title: "Another change of this app is under way",
    hint: "Wait for it, or cancel it.",
    next: ["berth jobs watch JOB", "berth jobs cancel JOB"],
  },
  "app.not_deployed": { status: 409, title: "The app is not deployed", next: ["berth deploy"] },
} as const;
