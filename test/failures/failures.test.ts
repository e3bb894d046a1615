/** Each way in which a job can fail: what people and programs are told, and where it is made to happen. */
import { readFile } from "node:fs/promises";
import { type FailureClass, failure, failures } from "@berth/domain/job/failure.ts";
import { Job } from "@berth/domain/job/job.ts";
import { describe, expect, test } from "vitest";
import { exits } from "../../packages/cli/src/exit.ts";
import { failure as told } from "../../packages/cli/src/job/outcome.ts";
import { plain } from "../../packages/cli/src/terminal/paint.ts";
import { widthOf } from "../../packages/cli/src/terminal/text.ts";
import { jobs, rollout } from "../cli/sample-apps.ts";
import { real } from "./real.ts";

const classes = Object.keys(failures) as FailureClass[];

/** A deployment that failed so, as the API tells of it. */
const failed = (kind: FailureClass) => {
  const why = failure(kind, { step: "start", service: "web" });
  const rollouts = { tgt_web1: rollout("web1", { status: "failed", failure: why }) };
  return Job.parse({ ...jobs[0], status: "failed", failure: why, rollouts });
};

test.each([80, 40])("what people are told fits into %i columns, and is as it was looked at", async (width) => {
  const lines = classes.flatMap((kind) => [`== ${kind}`, ...told(failed(kind), { paint: plain, width }, {}), ""]);
  const long = lines.filter((line) => widthOf(line) > width);
  expect(long.filter((line) => line.trim().includes(" "))).toEqual([]); // a word is not broken
  await expect(lines.join("\n")).toMatchFileSnapshot(`golden/failures-${width}.txt`);
});

test("what programs are told is as it was looked at", async () => {
  const all = Object.fromEntries(classes.map((kind) => [kind, failed(kind).failure]));
  await expect(`${JSON.stringify(all, null, 2)}\n`).toMatchFileSnapshot("golden/failures.json");
});

test("one that failed ends a command with another code than one that was canceled", () => {
  expect(exits.failed).toBe(1);
  expect(exits.canceled).toBe(2);
});

describe.each(classes)("%s", (kind) => {
  test("has a page", async () => {
    const page = await readFile("docs/errors.md", "utf8");
    const [, text = ""] = page.split(`<a id="failure-${kind}"></a>`);
    expect(text.split("<a id=")[0]).toContain(failures[kind].remedy);
  });

  test("is made to happen by the test that is named for it", async () => {
    const [file, name] = real[kind];
    const text = await readFile(file, "utf8");
    const found = text.split(/^\s*(?:test|it|covers)\b/mu).find((each) => each.includes(name));
    expect(found, `${file} has no test "${name}"`).toBeDefined();
    const [noun, what] = kind.split(".");
    expect(text.includes(`"${kind}"`) || text.includes(`\${kind}.${what}`), `${noun} in ${file}`).toBe(true);
  });
});
