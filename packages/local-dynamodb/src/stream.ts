import type { StreamRecord, StreamView } from "./stream-record.ts";
import { type Change, keyOf } from "./table.ts";
import { itemSize } from "./value.ts";

export const streamViews: readonly StreamView[] = ["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"];

/** Streams keep a record for a day. */
const retention = 86_400_000;

export const region = "eu-west-1";
export const account = "000000000000";
export const tableArn = (name: string) => `arn:aws:dynamodb:${region}:${account}:table/${name}`;
export const streamLabel = (createdAt: number) => new Date(createdAt).toISOString().slice(0, -1);
export const streamArn = (name: string, createdAt: number) => `${tableArn(name)}/stream/${streamLabel(createdAt)}`;

/** Append the record of a change that made a difference. `sequence` rises over the whole engine. */
export function record(
  { table, old, entry }: Change,
  view: StreamView,
  { sequence, now, expired }: { readonly sequence: number; readonly now: number; readonly expired: boolean },
): StreamRecord {
  const keys = keyOf(table.keys, (entry ?? old)!.item);
  const newImage = view === "NEW_AND_OLD_IMAGES" || view === "NEW_IMAGE" ? entry : undefined;
  const oldImage = view === "NEW_AND_OLD_IMAGES" || view === "OLD_IMAGE" ? old : undefined;
  const made: StreamRecord = {
    eventID: sequence.toString(16).padStart(32, "0"),
    eventName: old ? (entry ? "MODIFY" : "REMOVE") : "INSERT",
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: region,
    eventSourceARN: table.streamArn,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(now / 1000),
      Keys: keys,
      ...(newImage && { NewImage: newImage.item }),
      ...(oldImage && { OldImage: oldImage.item }),
      SequenceNumber: String(sequence).padStart(21, "0"),
      SizeBytes: itemSize(keys) + (newImage?.size ?? 0) + (oldImage?.size ?? 0),
      StreamViewType: view,
    },
    ...(expired && { userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" } as const }),
  };
  table.records.push(made);
  trim(table.records, now);
  return made;
}

/** An hour's records go at a time, so that not every record moves all the others. */
function trim(records: StreamRecord[], now: number): void {
  const age = (record: StreamRecord) => now - record.dynamodb.ApproximateCreationDateTime * 1000;
  if (age(records[0]!) < retention + 3_600_000) return;
  const kept = records.findIndex((each) => age(each) <= retention);
  records.splice(0, kept < 0 ? records.length : kept);
}

/** Records after a sequence number, oldest first. */
export function recordsAfter(records: readonly StreamRecord[], after: string | undefined, limit: number): StreamRecord[] {
  let [low, high] = [0, records.length];
  while (after !== undefined && low < high) {
    const middle = (low + high) >>> 1;
    if (records[middle]!.dynamodb.SequenceNumber <= after) low = middle + 1;
    else high = middle;
  }
  return records.slice(low, low + limit);
}
