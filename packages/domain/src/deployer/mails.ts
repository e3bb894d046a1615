import type { Templates } from "../mail/template.ts";

export const deployerMails = {
  "deployer-added": ({ app, repository, where, id, by, at }) => ({
    subject: `Jobs of ${repository} may now deploy ${app}`,
    lines: [
      `The deployer ${id} was added on ${at} by ${by}. Jobs of ${repository} (${where}) may deploy the app "${app}", with tokens that expire after 15 minutes.`,
      `If nobody of yours did that, remove it now (berth deployer remove ${id}), end your sessions and sign in again.`,
    ],
    links: [
      { text: "What was done in your account", path: "/audit" },
      { text: "Sessions", path: "/account" },
    ],
  }),
} satisfies Templates;
