#!/usr/bin/env node
import { watchOutput } from "./terminal/output.ts";
import { version } from "./version.ts";

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
  watchOutput();
  process.stdout.write(`${version()}\n`);
} else {
  void import("./run.ts").then(({ run }) => run(args));
}
