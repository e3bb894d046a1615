// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judge } from "./corpus.ts";
import { absent, Compose } from "./real.ts";

const reason = absent();

describe.skipIf(reason)(`Compose files as people write them${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let real: Compose;
  beforeAll(async () => {
    real = await Compose.open();
  });
  afterAll(() => real?.close());

  const accepted = { "as it is": { is: "equal" } };
  test.each<[string, string]>([
    [
      "dependencies of every kind, one that ends and one that is not there",
      "services:\n  a: {image: a, depends_on: {b: {condition: service_completed_successfully}, c: {condition: service_healthy, restart: true}, d: {condition: service_started, required: false}}}\n  b: {image: b, restart: 'no'}\n  c: {image: c, healthcheck: {test: 'true'}}\n  d: {image: d, profiles: [x]}\n",
    ],
    [
      "replicas, pull policies, limits",
      "services:\n  a: {image: a, pull_policy: missing, deploy: {replicas: 2, resources: {limits: {cpus: '0.5', memory: 50M}}}}\n",
    ],
    [
      "configs and secrets of every kind",
      "services:\n  a: {image: a, configs: [f, {source: c, target: /c, mode: 0440}], secrets: [e, x]}\nconfigs: {f: {file: ./compose.yaml}, c: {content: '${NO:-$$x}\\n'}}\nsecrets: {e: {environment: NO}, x: {external: true, name: there}}\n",
    ],
    [
      "a text that begins with an empty line",
      "services:\n  a:\n    image: a\n    command:\n      - sh\n      - |2\n\n          echo\n        x\n",
    ],
    [
      "a volume of another name, one from outside",
      "services: {a: {image: a, volumes: ['v1:/a', 'v2:/b']}}\nvolumes: {v1: {name: other}, v2: {external: true}}\n",
    ],
    [
      "anchors, merge keys and extensions",
      "x-a: &a {restart: always}\nservices:\n  a: {<<: *a, image: a, x-b: c}\n  b: {<<: [*a, {tty: true}], image: b}\n",
    ],
  ])("with %s are accepted and the same", async (_, text) => {
    expect(await judge(real, await real.folder({ "compose.yaml": text }))).toEqual({ asItIs: accepted["as it is"] });
  });

  test.each<[string, string]>([
    [
      "volumes that are declared nowhere",
      "services:\n  a:\n    image: a\n    volumes: [data:/d, {type: volume, source: more, target: /m}]\n",
    ],
    ["variables that are set nowhere", "services:\n  a: {image: 'a:${TAG:?set it}', environment: {B: '${B}'}}\n"],
    [
      "another tool's keys",
      "services:\n  a:\n    image: a\n    exclude_from_hc: true\n    volumes:\n      - {type: bind, source: ./a.conf, target: /a, content: 'x'}\n",
    ],
    ["a variable that names a volume", "services:\n  a: {image: a, volumes: ['${V}:/d']}\n"],
  ])("with %s are refused with the reason, and accepted after the fix", async (_, text) => {
    const { asItIs, fix } = await judge(real, await real.folder({ "compose.yaml": text }));
    expect(asItIs).toMatchObject({ is: "refused", reason: expect.stringMatching(/./u) });
    expect(fix?.after).toEqual({ is: "equal" });
  });
});
