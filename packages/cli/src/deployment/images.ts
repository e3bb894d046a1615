import type { Images } from "@berth/domain/compose/compose.ts";
import { hasDigest, isReference } from "@berth/domain/compose/reference.ts";
import { usage } from "../refusal.ts";

/** What `--image SERVICE=REF` says, each time it is given. @throws Refused */
export function parseImages(given: readonly string[]): Images {
  const images = new Map<string, string>();
  for (const text of given) {
    const [, service, image] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (service === undefined || image === undefined)
      throw usage(`--image: "${text}" does not name a service and its image, like web=ghcr.io/acme/web:1.2.`);
    if (!isReference(image)) throw usage(`--image: "${image}" is not the name of an image, like ghcr.io/acme/web:1.2.`);
    if (images.has(service)) throw usage(`--image names two images for "${service}".`);
    images.set(service, image);
  }
  return Object.fromEntries(images);
}

/** What to know before they are sent. */
export function imageNotes(images: Images): string[] {
  const moving = Object.values(images).filter((image) => !hasDigest(image));
  return [
    ...Object.entries(images).map(([service, image]) => `${service} runs ${image}`),
    ...(moving.length > 0
      ? [`Named by a tag, which may mean another image by then: ${moving.join(", ")}. A digest (@sha256:...) does not`]
      : []),
  ];
}
