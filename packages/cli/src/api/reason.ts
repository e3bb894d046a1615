/** Why a request failed before there was an answer, in plain words. */

interface Known {
  readonly code?: string;
  readonly message?: string;
  readonly syscall?: string;
  readonly errors?: readonly unknown[];
  readonly name?: string;
}

const reasons: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the name cannot be looked up",
  ECONNRESET: "the connection was cut",
  ECONNABORTED: "the connection was cut",
  EPIPE: "the connection was cut",
  EHOSTUNREACH: "there is no way there",
  EHOSTDOWN: "there is no way there",
  ENETUNREACH: "there is no network",
  ENETDOWN: "there is no network",
  EADDRNOTAVAIL: "there is no network",
  ENONET: "there is no network",
  ENETRESET: "the network changed",
  ETIMEDOUT: "it does not answer",
  EACCES: "this machine does not allow the connection",
  EPERM: "this machine does not allow the connection",
  EMFILE: "this machine has no more connections to give",
  ENFILE: "this machine has no more connections to give",
  UND_ERR_SOCKET: "the connection was cut",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  UND_ERR_HEADERS_TIMEOUT: "it does not answer",
  UND_ERR_BODY_TIMEOUT: "its answer stopped half-way",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "its answer was cut",
  EPROTO: "it does not answer as a secure (https) server does",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not answer as a secure (https) server does",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  CERT_REVOKED: "its certificate was revoked",
};

const unknownAuthority = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);
const dates = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);
const unsentCodes = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

/** The error at the bottom: `fetch` says only that it failed, and has the reason as its cause. */
function bottom(error: unknown): Known {
  let found = error;
  for (let depth = 0; depth < 5 && found instanceof Error && found.cause instanceof Error; depth++) found = found.cause;
  return (found ?? {}) as Known;
}

/** Each address of a name that was tried failed in its own way. */
const each = (error: unknown): Known[] => {
  const found = bottom(error);
  return found.errors && found.errors.length > 0 ? found.errors.flatMap(each) : [found];
};

const codes = (error: unknown) => each(error).map(({ code }) => code ?? "");

/** The server was reached, and its certificate is no good. To try again does not help. */
export const isCertificate = (error: unknown): boolean =>
  codes(error).some((code) => unknownAuthority.has(code) || code.startsWith("CERT_") || code === "ERR_TLS_CERT_ALTNAME_INVALID");

/** It failed before the request was sent, so that repeating it cannot do anything twice. */
export const isUnsent = (error: unknown): boolean =>
  isCertificate(error) ||
  each(error).every(
    ({ code = "", syscall, message = "" }) =>
      unsentCodes.has(code) ||
      syscall === "connect" ||
      syscall === "getaddrinfo" ||
      code.startsWith("ERR_PROXY_") ||
      message.includes("before secure TLS connection was established"),
  );

export function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "it does not answer";
  if (bottom(error) instanceof SyntaxError) return "its answer was cut";
  for (const { code = "", message } of each(error)) {
    if (unknownAuthority.has(code)) return "its certificate is from an authority that this machine does not know";
    if (code.startsWith("HPE_")) return "what answers there does not speak HTTP";
    if (code.startsWith("ERR_SSL_")) return `the secure connection failed (${code})`;
    const known = reasons[code];
    if (known !== undefined) return known;
    if (code.startsWith("ERR_PROXY_") && message) return message;
  }
  const { message, code } = each(error)[0] ?? {};
  if (message === "terminated") return "the connection was cut";
  return [message, code && !message?.includes(code) ? `(${code})` : ""].filter(Boolean).join(" ") || "the network failed";
}

/** What to do about it, where more is known than that the network failed. */
export function hintOf(error: unknown, now: Date): string | undefined {
  const found = codes(error);
  if (found.some((code) => unknownAuthority.has(code)))
    return "If your network or your company has an authority of its own, name its certificate (a PEM file) in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS.";
  if (found.some((code) => dates.has(code)))
    return `This machine's clock says ${now.toISOString().slice(0, 16).replace("T", " ")} UTC. If that is wrong, set it.`;
  return undefined;
}
