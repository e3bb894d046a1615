export const deployerProblems = {
  "deployer.not_found": { status: 404, title: "No such deployer", next: ["berth deployer list"] },
  "deployer.too_many": {
    status: 409,
    title: "There are too many deployers",
    hint: "Remove deployers that are no longer used.",
    next: ["berth deployer list", "berth deployer remove ID"],
  },
  "deployer.token_invalid": {
    status: 401,
    title: "The job's identity token is not valid",
    hint: "Ask GitHub for a new one in the job, with Berth's address as its audience; a job gets one with the permission `id-token: write`.",
  },
  "deployer.refused": {
    status: 403,
    title: "No deployer accepts this job",
    hint: "Compare the deployer's id, repository, ref and environment with those of the job.",
    next: ["berth deployer list"],
  },
  "deployer.token_used": {
    status: 409,
    title: "This identity token was exchanged already",
    hint: "Each is good for one exchange. Ask GitHub for a new one in the job.",
  },
  "deployer.unavailable": {
    status: 503,
    title: "The keys of the identity provider cannot be read",
    hint: "Try again in a minute.",
  },
} as const;
