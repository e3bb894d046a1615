import { invalid } from "./error.ts";
import { encode } from "./signature.ts";
import type { Stored } from "./store.ts";
import { element, escaped } from "./xml.ts";

const PAGE_MOST = 1000;

/** ListObjectsV2: keys and what they have in common up to a delimiter, in pages. */
export function listObjects(bucket: string, all: readonly Stored[], query: ReadonlyMap<string, string>): string {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const asked = query.get("max-keys") ?? String(PAGE_MOST);
  if (!/^\d{1,9}$/.test(asked)) throw invalid("Provided max-keys not an integer or within integer range");
  const most = Math.min(PAGE_MOST, Number(asked));
  const token = query.get("continuation-token");
  const after = token === undefined ? (query.get("start-after") ?? "") : Buffer.from(token, "base64url").toString();
  const past = (key: string) => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;
  const name = (text: string) => (query.get("encoding-type") === "url" ? encode(text).replaceAll("%2F", "/") : escaped(text));

  const entries = new Map<string, Stored | undefined>();
  for (const stored of all) {
    if (!stored.key.startsWith(prefix)) continue;
    const end = delimiter === "" ? -1 : stored.key.indexOf(delimiter, prefix.length);
    const shared = end < 0 ? undefined : stored.key.slice(0, end + delimiter.length);
    const entry = shared ?? stored.key;
    if (after !== "" && !(past(entry) && (shared === undefined || !after.startsWith(shared)))) continue;
    if (!entries.has(entry)) entries.set(entry, shared === undefined ? stored : undefined);
  }
  const page = [...entries].slice(0, most);
  const more = entries.size > page.length && most > 0;
  const next = more ? Buffer.from(page.at(-1)?.[0] ?? "").toString("base64url") : undefined;
  return element("ListBucketResult", [
    `<Name>${escaped(bucket)}</Name><Prefix>${name(prefix)}</Prefix>`,
    delimiter && `<Delimiter>${name(delimiter)}</Delimiter>`,
    `<MaxKeys>${most}</MaxKeys><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>`,
    query.has("encoding-type") && "<EncodingType>url</EncodingType>",
    token !== undefined && `<ContinuationToken>${escaped(token)}</ContinuationToken>`,
    next !== undefined && `<NextContinuationToken>${next}</NextContinuationToken>`,
    query.has("start-after") && `<StartAfter>${name(query.get("start-after") ?? "")}</StartAfter>`,
    ...page.flatMap(([, stored]) => (stored ? [contents(stored, name)] : [])),
    ...page.flatMap(([entry, stored]) => (stored ? [] : [`<CommonPrefixes><Prefix>${name(entry)}</Prefix></CommonPrefixes>`])),
  ]);
}

const contents = ({ key, modifiedAt, etag, size }: Stored, name: (text: string) => string) =>
  `<Contents><Key>${name(key)}</Key><LastModified>${new Date(modifiedAt).toISOString()}</LastModified>` +
  `<ETag>${escaped(etag)}</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
