export const targetFailures = {
  untrusted: {
    title: "The target's host key was not confirmed",
    remedy: "Compare the fingerprint and confirm it with `berth target trust`.",
  },
  "target.not_found": { title: "The target was removed", remedy: "Deploy to another target." },
} as const;
