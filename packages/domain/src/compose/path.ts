import { posix } from "node:path";
import { isFields } from "./file.ts";

/** On the server itself or somewhere else altogether, so nothing of the project's folder. */
export const isElsewhere = (path: string): boolean => /^[/~$]|^(oci|docker):|^[a-z][a-z+.-]*:\/\/|^[\w.-]+@[\w.-]+:/i.test(path);

/** A path of a file in `folder`, from the project's folder. */
export const pathIn = (folder: string, path: string): string =>
  folder === "" || isElsewhere(path) ? path : posix.join(folder, path);

/** The same of a Compose file, where Compose takes one of these for a repository though it has no scheme. */
export const fileIn = (folder: string, path: string): string =>
  /^github\.com\//i.test(path) ? `https://${path}` : pathIn(folder, path);

/** Its variables put in, one level deep: what Berth reads is no deeper. */
export const filled = (value: unknown, fill: (value: unknown) => unknown): unknown =>
  isFields(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each)])) : fill(value);
