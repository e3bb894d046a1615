/** A change of the account as billing records it: what its fields were and became. */
interface Change {
  readonly before: Record<string, unknown>;
  readonly after: Record<string, unknown>;
}

function changeOf(detail: string): Change | undefined {
  if (!detail.startsWith("{")) return undefined;
  try {
    const found = JSON.parse(detail) as Partial<Change>;
    return found.before && found.after ? { before: found.before, after: found.after } : undefined;
  } catch {
    return undefined; // cut short, or not meant as JSON: shown as it is
  }
}

const said = (value: unknown) =>
  value === null || value === undefined ? "none" : typeof value === "string" ? value : JSON.stringify(value);

/** An audit line's detail in words: a change field by field, anything else as it was written. */
export function detailWords(detail: string): string {
  const change = changeOf(detail);
  if (!change) return detail;
  const fields = [...new Set([...Object.keys(change.before), ...Object.keys(change.after)])];
  if (fields.length === 0) return "nothing changed";
  return fields.map((field) => `${field}: ${said(change.before[field])} → ${said(change.after[field])}`).join(", ");
}
