import * as z from "zod";

export const LogItem = z.discriminatedUnion("type", [
  z.object({ type: z.literal("log"), at: z.string(), target: z.string(), service: z.string(), text: z.string() }),
  z.object({
    type: z.literal("gap"),
    at: z.string(),
    target: z.string(),
    lines: z.number().int(),
    text: z.string(),
  }),
  z.object({ type: z.literal("unreadable"), at: z.string(), target: z.string(), class: z.string(), text: z.string() }),
  z.object({ type: z.literal("readable"), at: z.string(), target: z.string(), text: z.string() }),
]);
export type LogItem = z.infer<typeof LogItem>;
