import * as z from "zod";

/** How a server in the customer's own AWS account is reached: by a role there that trusts Berth's account, for this tenant alone. */
export const Ssm = z.object({
  region: z.string(),
  /** Its ARN. */
  role: z.string(),
  /** Berth's account, which the role's trust policy has to name. */
  account: z.string(),
  /** What the role's trust policy has to ask for. */
  externalId: z.string(),
});
export type Ssm = z.infer<typeof Ssm>;
