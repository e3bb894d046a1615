import type { Deployer } from "./deployer.ts";

/** Which of a repository's jobs it accepts. */
export const jobWords = ({ ref, jobEnvironment, pullRequests }: Pick<Deployer, "ref" | "jobEnvironment" | "pullRequests">) =>
  [ref, jobEnvironment && `environment ${jobEnvironment}`, pullRequests && "pull requests too"].filter(Boolean).join(", ");
