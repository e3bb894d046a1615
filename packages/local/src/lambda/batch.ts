/** Gives a batch to a function; answers which of it failed. All have, where it throws; `say` is told why. */
export async function failedIn(
  ids: readonly string[],
  invoke: () => Promise<unknown>,
  say: (why: string) => void,
): Promise<ReadonlySet<string>> {
  try {
    return failedOf(ids, await invoke());
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return new Set(ids);
  }
}

/**
 * What a function's answer to a batch means, as Lambda reads it with ReportBatchItemFailures: nothing or an empty list is success for all;
 * a list names the failed ones; a list that cannot be right (an entry without an identifier, or with one that is not in the batch) is
 * failure for all. Source: AWS Lambda developer guide, "Handling errors for an SQS event source", success and failure conditions.
 */
export function failedOf(ids: readonly string[], answer: unknown): ReadonlySet<string> {
  if (answer === null || answer === undefined) return new Set();
  if (typeof answer !== "object") return new Set(ids);
  const { batchItemFailures: failures } = answer as { batchItemFailures?: unknown };
  if (failures === null || failures === undefined) return new Set();
  if (!Array.isArray(failures)) return new Set(ids);
  const named = failures.map((each: unknown) => (each as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  const valid = named.every((id) => typeof id === "string" && ids.includes(id));
  return new Set(valid ? (named as string[]) : ids);
}
