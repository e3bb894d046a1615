import { createHash } from "node:crypto";

/** What a service is built from: one archive. Its text stands for the files in it. */
export interface Source {
  readonly hash: string;
  readonly content: string;
}

export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
export const sourceOf = (content: string): Source => ({ content, hash: sha256(content) });

/** The image that a build makes of them: the same of the same bytes, and of no others. */
export const builtImage = (contents: readonly string[]) => `sha256:${sha256(contents.join("\0"))}`;

/** Whether it can be built. */
export const failsToBuild = (contents: readonly string[]) => contents.some((content) => content.includes("RUN false"));

/** Whether a Compose file has its service built. */
export const isBuilt = (compose: string) => compose.includes("\n    build: ");

const named = ({ hash, content }: Source) => ({ hash, bytes: content.length });

/** As a bundle names them: what is built from, and large files that are mounted. */
export const archivesOf = (sources: readonly Source[], mounted: readonly Source[]) => ({
  ...(sources.length > 0 && { archives: sources.map(named) }),
  ...(mounted.length > 0 && {
    large: {
      archives: mounted.map(named),
      files: mounted.map((each, i) => ({ ...named(each), path: `data/${i}`, checksum: 1, executable: false })),
    },
  }),
});
