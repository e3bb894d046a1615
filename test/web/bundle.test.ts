import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildDashboard } from "./dashboard.ts";

const SCRIPT_BYTES = 60 * 1024;

let folder: string;
let files: readonly string[];
beforeAll(async () => {
  folder = await buildDashboard();
  files = await readdir(join(folder, "assets"));
});
afterAll(() => rm(folder, { recursive: true }));

const read = (name: string) => readFile(join(folder, name), "utf8");

test("all scripts together are at most 60 KB compressed", async () => {
  const scripts = await Promise.all(files.filter((name) => name.endsWith(".js")).map((name) => read(`assets/${name}`)));
  const bytes = scripts.reduce((sum, text) => sum + gzipSync(text).length, 0);
  console.log(`scripts: ${(bytes / 1024).toFixed(1)} KB compressed`);
  expect(scripts.length).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(SCRIPT_BYTES);
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
