export const registryFailures = {
  "registry.removed": {
    title: "The login was removed or replaced before it was checked",
    remedy: "Check the one that is stored now: berth registry check REGISTRY",
  },
} as const;
