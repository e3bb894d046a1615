import { history } from "./history.ts";

const [from = "1", count = "1", mode = ""] = process.argv.slice(2);
const began = performance.now();
const by = new Map<string, number[]>();
let events = 0,
  jobs = 0,
  seconds = 0;
for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
  const h = await history(seed, { readable: mode === "read" });
  events += h.events;
  jobs += h.jobs;
  seconds += h.seconds;
  if (mode === "twice") {
    const again = await history(seed);
    if (again.hash !== h.hash) console.log("DIFFERENT", seed, h.hash, again.hash);
  }
  for (const v of new Set(h.violations.map((v) => v.invariant))) by.set(v, [...(by.get(v) ?? []), seed]);
  if (mode === "read") {
    console.log(h.lines.join("\n"));
    console.log(h.violations);
  }
}
for (const [v, seeds] of by) console.log(v, seeds.length, seeds.slice(0, 12).join(" "));
console.log({ events, jobs, hours: seconds / 3600, ms: (performance.now() - began) / Number(count) });
