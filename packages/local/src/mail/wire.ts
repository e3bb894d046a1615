import type { WireAnswer, WireRequest } from "../aws/json.ts";
import type { Service } from "../aws/service.ts";
import type { Inbox } from "./inbox.ts";

interface Text {
  readonly Data?: string;
}
interface SendEmail {
  readonly FromEmailAddress?: string;
  readonly Destination?: { readonly ToAddresses?: readonly string[] };
  readonly Content?: {
    readonly Simple?: { readonly Subject?: Text; readonly Body?: { readonly Text?: Text; readonly Html?: Text } };
  };
}

const json = (status: number, body: object, type?: string): WireAnswer => ({
  status,
  headers: { "content-type": "application/json", ...(type && { "x-amzn-errortype": type }) },
  body: JSON.stringify(body),
});

/** SES v2 over the inbox. */
export function sesService(inbox: Inbox): Service {
  return { name: "ses", door: (request) => answer(inbox, request), close: () => inbox.close() };
}

/** SendEmail puts the mail into the inbox. */
function answer(inbox: Inbox, request: WireRequest): WireAnswer {
  if (request.method !== "POST" || request.path !== "/v2/email/outbound-emails")
    return json(404, { message: `${request.method} ${request.path}` }, "NotFoundException");
  const { FromEmailAddress: from, Destination, Content } = JSON.parse(request.body.toString("utf8")) as SendEmail;
  const to = Destination?.ToAddresses ?? [];
  const simple = Content?.Simple;
  if (!from || to.length === 0 || !simple?.Subject?.Data)
    return json(400, { message: "A mail needs a sender, a recipient and a subject" }, "BadRequestException");
  const letter = inbox.add({
    from,
    to: to.map((each) => each.toLowerCase()),
    subject: simple.Subject.Data,
    text: simple.Body?.Text?.Data ?? "",
    html: simple.Body?.Html?.Data ?? "",
  });
  return json(200, { MessageId: letter.id });
}
