import type { BundleFile } from "../compose/bundle.ts";

export interface Bundle {
  readonly compose?: string;
  readonly composeFiles?: readonly string[];
  readonly files: readonly BundleFile[];
  readonly variables: Readonly<Record<string, string>>;
}

/** The bundle as the service takes it. */
export const bodyOf = ({ compose, composeFiles, files, variables }: Bundle) => ({
  ...(compose !== undefined && { compose }),
  ...(composeFiles && { composeFiles: [...composeFiles] }),
  files: [...files],
  variables: { ...variables },
});
