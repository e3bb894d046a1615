const secretNames = /secret|token|password|authorization|cookie|privatekey|session|code$/i;
/** Secrets recognizable by their form. */
const secretShapes =
  /\b(sk|rk|whsec|cs)_[A-Za-z0-9_]{8,}|berth_[a-z0-9]+_[0-9A-Z]{26}_[0-9A-Za-z]+|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*/g;

const clean = (text: string) => text.replaceAll(secretShapes, "[secret]").replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");

function plain(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return clean(value);
  if (value instanceof Error)
    return {
      name: value.name,
      message: clean(value.message),
      stack: clean(value.stack ?? ""),
      ...(value.cause !== undefined && depth < 3 && { cause: plain(value.cause, depth + 1) }),
    };
  if (typeof value !== "object" || value === null) return value;
  if (depth > 3) return "[deep]";
  if (Array.isArray(value)) return value.slice(0, 20).map((each) => plain(each, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, secretNames.test(name) ? "[secret]" : plain(each, depth + 1)]),
  );
}

export function writeLog(level: "info" | "warn" | "error", message: string, facts: Record<string, unknown> = {}): void {
  process.stdout.write(`${JSON.stringify({ level, message, at: new Date().toISOString(), ...(plain(facts) as object) })}\n`);
}
