import type { Templates } from "../mail/template.ts";

export const tokenMails = {
  "token-created": ({ name, scopes, until, by, at }) => ({
    subject: `New API token: ${name}`,
    lines: [
      `The token "${name}" was created on ${at} by ${by}. Its scopes are ${scopes}; it expires on ${until}.`,
      "If nobody of yours did that, revoke the token now, end your sessions and sign in again.",
    ],
    links: [
      { text: "Tokens", path: "/tokens" },
      { text: "Sessions", path: "/account" },
    ],
  }),
  "device-approved": ({ name, scopes, until, ip, at }) => ({
    subject: `A command line was logged in: ${name}`,
    lines: [
      `You confirmed the login of "${name}" from the address ${ip} on ${at}. Its token has the scopes ${scopes} and expires on ${until}.`,
      "If that was not you, revoke the token now, end your sessions and sign in again.",
    ],
    links: [
      { text: "Tokens", path: "/tokens" },
      { text: "Sessions", path: "/account" },
    ],
  }),
} satisfies Templates;
