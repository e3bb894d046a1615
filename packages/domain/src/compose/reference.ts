const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const host = `(?:${label}(?:\\.${label})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?`;

/** A name of an image as Docker reads it: a repository with a tag, a digest, both or neither. */
export const REFERENCE = new RegExp(
  `^(?!-)(?:${host}/)?${component}(?:/${component})*(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
);
export const REFERENCE_LENGTH = 500;

/** What Docker takes for an id is no reference: no registry knows it. */
export const isReference = (text: string): boolean =>
  text.length <= REFERENCE_LENGTH && REFERENCE.test(text) && !/^(?:sha256:)?[0-9a-f]{64}$/.test(text);

/** Always the same image; a tag may be moved to another. */
export const hasDigest = (reference: string): boolean => reference.includes("@sha256:");
