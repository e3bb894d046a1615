export const releaseProblems = {
  "release.not_found": { status: 404, title: "No such release", next: ["berth releases"] },
  "release.none_earlier": { status: 409, title: "There is no earlier release to go back to", next: ["berth releases"] },
  "release.never_healthy": {
    status: 409,
    title: "That release was never healthy",
    hint: "Roll back to one that was, or deploy again.",
    next: ["berth releases"],
  },
  "release.too_old": {
    status: 409,
    title: "That release is too old to go back to",
    hint: "The last 20 healthy releases are kept. Roll back to one of them, or deploy it again from its files.",
    next: ["berth releases"],
  },
  "release.live": {
    status: 409,
    title: "That release is live already",
    hint: "If its containers are down, start the app.",
    next: ["berth app start APP"],
  },
  "release.mixed": {
    status: 409,
    title: "The servers have different releases",
    hint: "Deploy, or roll back, so that all of them have the same one.",
    next: ["berth releases", "berth rollback"],
  },
  "bundle.too_large": {
    status: 413,
    title: "The bundle is too large",
    hint: "What Compose itself reads has 256 KB compressed. What services mount and are built from has 200 MB: put large data into a volume, and leave out what no build needs, in .dockerignore.",
  },
} as const;
