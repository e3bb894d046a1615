import { readFileSync } from "node:fs";

// Replaced by the scripts' texts when bundling (esbuild: define), since a bundle has no files beside it.
declare const __DOOR__: string | undefined;
declare const __SERVE__: string | undefined;

const textOf = (name: string) => readFileSync(new URL(`./${name}.sh`, import.meta.url), "utf8");

export const door: string = typeof __DOOR__ === "string" ? __DOOR__ : textOf("door");
export const serve: string = typeof __SERVE__ === "string" ? __SERVE__ : textOf("serve");
