import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildDashboard } from "./dashboard.ts";

/** What anybody is sent first, and what somebody who looks at every page is sent in all. */
const FIRST_BYTES = 31 * 1024;
const SCRIPT_BYTES = 70 * 1024;

let folder: string;
let files: readonly string[];
beforeAll(async () => {
  folder = await buildDashboard();
  files = await readdir(join(folder, "assets"));
});
afterAll(() => rm(folder, { recursive: true }));

const read = (name: string) => readFile(join(folder, name), "utf8");

/** Of the scripts that are named so, compressed. */
async function bytesOf(pattern: RegExp): Promise<number> {
  const names = files.filter((name) => pattern.test(name));
  expect(names).not.toEqual([]);
  const texts = await Promise.all(names.map((name) => read(`assets/${name}`)));
  const bytes = texts.reduce((sum, text) => sum + gzipSync(text).length, 0);
  console.log(`${names.join(", ")}: ${(bytes / 1024).toFixed(1)} KB compressed`);
  return bytes;
}

test("a visitor is sent at most 31 KB of scripts, compressed, and all scripts together are at most 70 KB", async () => {
  expect(await bytesOf(/^index-.*\.js$/)).toBeLessThanOrEqual(FIRST_BYTES);
  expect(await bytesOf(/\.js$/)).toBeLessThanOrEqual(SCRIPT_BYTES);
});

test("the page names files of its own origin only, with nothing inline", async () => {
  const page = await read("index.html");
  const named = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address = ""]) => address);
  expect(named.length).toBeGreaterThan(2);
  for (const address of named) expect(address).toMatch(/^\/[\w./-]+$/);
  expect(page).not.toMatch(/<style|<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=/);
});

test("no script of ours makes markup or code out of text, and none is made for the server's side", async () => {
  for (const name of files.filter((each) => each.endsWith(".js"))) {
    const text = await read(`assets/${name}`);
    expect(text).not.toMatch(/\beval\(|new Function\(|insertAdjacentHTML|document\.write/);
    expect(text).not.toMatch(/node:crypto|client-dynamodb|ssh2/);
  }
});
