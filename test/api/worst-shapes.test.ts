import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import type { Measured } from "./worst/measure.ts";
import { routes } from "./worst/routes.ts";
import { bodies, values, yamls } from "./worst/texts.ts";

/** Smaller than what is let in, so that it takes a minute; what grows with the square shows all the same. */
const sizes = ["--body", String(256 * 1024), "--compose", String(32 * 1024)];
/** What the API's function has, in MB, and what of it may be in use beside the values of JavaScript. */
const FUNCTION_MB = 1024;
const HEAP_MB = 320;

let measured: Measured;
beforeAll(async () => {
  const program = fileURLToPath(new URL("./worst/measure.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [`--max-old-space-size=${HEAP_MB}`, program, ...sizes], {
    maxBuffer: 64 * 1024 * 1024,
  });
  measured = JSON.parse(stdout) as Measured;
}, 1_800_000);

test("every route is asked, each whose body is plain takes it, and there are sixty shapes and more", () => {
  expect(measured.routes).toBe(routes.length);
  expect(measured.unfit).toEqual([]);
  expect(bodies.length + values.length + yamls.length).toBeGreaterThan(60);
  expect(measured.requests).toBeGreaterThan(4000);
});

test("no request takes much longer than a plain one of its size, whatever is in it", () => {
  expect(measured.over).toEqual([]);
});

test("every one is answered as the catalogue has it, none by a failure of ours", () => {
  expect(measured.broken).toEqual([]);
});

test("all of them one after the other fit into the function's memory, and most of it stays free", () => {
  expect(measured.memory, measured.heaviest.shape).toBeLessThan(0.75 * FUNCTION_MB);
});
