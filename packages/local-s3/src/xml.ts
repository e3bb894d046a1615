import type { S3Error } from "./error.ts";

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;" };
export const escaped = (text: string) => text.replaceAll(/[&<>"\r]/g, (char) => entities[char] ?? char);

export const element = (name: string, parts: readonly (string | false | undefined)[]) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.filter(Boolean).join("")}</${name}>`;

export const refusal = ({ code, message }: S3Error, resource: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escaped(message)}</Message><Resource>${escaped(resource)}</Resource></Error>`;
