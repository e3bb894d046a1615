import { isReference, REFERENCE_LENGTH } from "@berth/domain/compose/reference.ts";
import type { Code } from "@berth/domain/error.ts";
import { ARCHIVES_MOST, BUILT_FROM_BYTES, LARGE_FILES_BYTES, LARGE_FILES_MOST } from "@berth/domain/release/archive.ts";
import * as z from "zod";
import { name } from "./contract.ts";

const VARIABLES_MOST = 1000;
/** As many as a Compose file may have services. */
const IMAGES_MOST = 200;

export const Archive = z.object({
  hash: z
    .string()
    .max(64)
    .regex(/^[0-9a-f]{64}$/, "the SHA-256 of its bytes, in small hexadecimal digits"),
  bytes: z.number().int().min(1).max(BUILT_FROM_BYTES),
});

const LargeFile = z.object({
  path: z.string().min(1).max(200),
  hash: Archive.shape.hash.describe("The SHA-256 of its content, which is its name in the archive that has it"),
  bytes: z.number().int().min(0).max(LARGE_FILES_BYTES),
  checksum: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .describe("What `cksum` says of its content"),
  executable: z.boolean().optional().describe("Whether it can be executed"),
});

const Bundle = z.object({
  compose: z
    .string()
    .min(1)
    .max(256 * 1024)
    .describe("The Compose file's text, where it is one that reads no other")
    .optional(),
  composeFiles: z
    .array(z.string().min(1).max(200))
    .min(1)
    .max(20)
    .describe("Instead of it: the paths of the Compose files among `files`, in the order in which Compose merges them")
    .optional(),
  files: z
    .array(
      z.object({
        path: z.string().min(1).max(200),
        content: z
          .base64()
          .max(1024 * 1024)
          .describe("Base64"),
        executable: z.boolean().optional().describe("Whether it can be executed"),
      }),
    )
    .max(200)
    .default([]),
  variables: z
    .record(
      // Names that Compose accepts in an env file: also `app.datasource.url`, `a-b`, `a[0]`, `1a`.
      z
        .string()
        .max(200)
        .regex(/^[\p{L}\p{N}_.\-[\]]([\p{L}\p{N}_.\-[\]\t\v\f\r\u0085\u00a0]*[\p{L}\p{N}_.\-[\]])?$/u),
      z
        .string()
        .max(32 * 1024)
        .regex(/^[^\0]*$/),
    )
    .refine((variables) => Object.keys(variables).length <= VARIABLES_MOST, `at most ${VARIABLES_MOST} variables`)
    .meta({ maxProperties: VARIABLES_MOST })
    .default({}),
  archives: z
    .array(Archive)
    .max(ARCHIVES_MOST)
    .optional()
    .describe(
      "What services are built from: gzipped tars of files by their paths in the project's folder, sent as `prepareArchives` says",
    ),
  large: z
    .object({
      files: z.array(LargeFile).min(1).max(LARGE_FILES_MOST),
      archives: z.array(Archive).min(1).max(ARCHIVES_MOST),
    })
    .optional()
    .describe("Mounted files that are too large for `files`: their content is sent in archives of their own"),
});

const Images = z
  .record(
    z
      .string()
      .max(100)
      .regex(/^[a-zA-Z0-9._-]{1,100}$/, "a service's name"),
    z.string().max(REFERENCE_LENGTH).refine(isReference, "an image like ghcr.io/acme/web@sha256:…"),
  )
  .refine((images) => Object.keys(images).length <= IMAGES_MOST, `at most ${IMAGES_MOST} images`)
  .meta({ maxProperties: IMAGES_MOST })
  .describe("Images by service, in place of what the Compose file says; with a digest each is always the same image");

/** What is deployed, or planned: a bundle, as an environment of an app, on targets. */
export const Deployed = z.object({
  environment: name.optional(),
  bundle: Bundle,
  images: Images.optional(),
  namespaces: z
    .array(name)
    .max(10)
    .optional()
    .describe(
      "Of secrets and variables, besides `default`, a later one before an earlier one; by default as the deployment before",
    ),
  targets: z.array(z.string().min(1).max(60)).max(15).optional(),
  buildOn: z
    .string()
    .min(1)
    .max(60)
    .optional()
    .describe(
      "The one of the targets that builds what is built; the others begin when it is done, and get its images. By default each builds for itself",
    ),
});

/** For what it is refused, whether it is deployed or planned. */
export const deployedRefusals = [
  "app.not_found",
  "target.not_found",
  "target.untrusted",
  "deployment.no_target",
  "compose.conflict",
  "deployment.no_builder",
  "compose.invalid",
  "compose.unsupported",
  "compose.no_service",
  "bundle.too_large",
  "variable.no_namespace",
] as const satisfies readonly Code[];
