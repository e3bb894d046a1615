/** How what has to be built is got: built here, or carried from the server that builds it. */
export type Making = "build" | "carry";

/** `builder`: the id of the target that builds for the others, if one does. */
export const makingOn = ({ builder }: { readonly builder?: string | undefined }, target: string): Making =>
  builder === undefined || builder === target ? "build" : "carry";
