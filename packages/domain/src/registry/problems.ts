export const registryProblems = {
  "registry.not_found": {
    status: 404,
    title: "No login for that registry is stored",
    next: ["berth registry list", "berth registry add REGISTRY --user USER"],
  },
  "registry.too_many": {
    status: 409,
    title: "There are too many logins of registries",
    hint: "Remove those that no app uses any more.",
    next: ["berth registry list", "berth registry remove REGISTRY"],
  },
  "registry.no_target": {
    status: 409,
    title: "A login is checked on a server, and there is none",
    hint: "Your servers pull the images, so they ask the registry. Add one and confirm its host key.",
    next: ["berth target add NAME USER@HOST"],
  },
} as const;
