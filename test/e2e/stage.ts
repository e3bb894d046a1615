/** Everything real on one machine: the local cloud, servers of the lab, a customer who has paid, and the command line as a process. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PROOF_MINUTES } from "@berth/domain/auth/proved.ts";
import { fingerprint } from "@berth/domain/remote/key.ts";
import { type Cloud, type CloudOptions, startCloud } from "@berth/local/cloud.ts";
import { type Berth, createBerth } from "../../scripts/demo/berth.ts";
import { createVisitor, goodCard, type Visitor } from "../../scripts/demo/visitor.ts";
import { busyboxImage, redisImage } from "../lab/images.ts";
import { type Lab, type LabOptions, startLab } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";

export interface Stage {
  readonly lab: Lab;
  /** The cloud as it is now: `restart` puts another in its place. */
  readonly cloud: () => Cloud;
  readonly berth: Berth;
  readonly customer: Visitor;
  /** Of the customer's own, with every scope. */
  readonly token: string;
  /** For whatever a test writes. */
  readonly folder: string;
  /** Registers a server, lets Berth's key in and confirms the host key. Answers the target's id. */
  addTarget(name: string, server: Server, at?: { host: string; port: number }): Promise<string>;
  /** Makes the command line's token hold as proved, as by `berth prove` and the code from the mail. */
  prove(): Promise<void>;
  /** Ends everything of the cloud at once and starts it from what is on the disk, at the same address. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface StageOptions extends LabOptions {
  readonly plan?: "solo" | "pro" | "studio";
  readonly cloud?: Pick<CloudOptions, "workers" | "visibilitySeconds">;
  /** The command line's program, if it is not to be run from its source. */
  readonly program?: string;
}

const main = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

/** Signs up by the mailed code and pays on the hosted page, as a browser would. */
async function signUp(cloud: Cloud, email: string, plan: "solo" | "pro" | "studio"): Promise<Visitor> {
  const customer = createVisitor(cloud.origin);
  await customer.api("POST", "/auth/code", { email });
  await cloud.settle();
  const code = /\b(\d{6})\b/.exec(cloud.inbox(email)[0]?.text ?? "")?.[1];
  if (code === undefined) throw new Error("no code came by mail");
  await customer.api("POST", "/auth/verify", { email, code });
  const { url } = await customer.api("POST", "/billing/checkout", { plan });
  const back = await customer.submit(url, goodCard);
  await customer.api("POST", "/billing/refresh", { session: new URL(back).searchParams.get("session_id") });
  return customer;
}

/** Starts all of it. @throws when no lab can run here */
export async function startStage({
  plan = "pro",
  cloud: options = {},
  program = main,
  ...servers
}: StageOptions): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "berth-stage-"));
  const ends: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const each of ends.splice(0).reverse()) await each();
  };
  try {
    const lab = await startLab(servers);
    ends.push(() => lab.close());
    await lab.registry.push("library/busybox:1.36", busyboxImage());
    await lab.registry.push("library/redis:7", redisImage());
    const state = { folder: join(folder, "cloud"), ...options };
    let cloud = await startCloud({ ...state, fresh: true });
    ends.push(() => cloud.close());
    const customer = await signUp(cloud, "ada@example.com", plan);
    const token = await customer.api("POST", "/tokens", { name: "stage", scopes: ["read", "deploy", "admin", "billing"] });
    mkdirSync(join(folder, "config"));
    const environment = { BERTH_URL: cloud.origin, BERTH_CONFIG_DIR: join(folder, "config"), NO_COLOR: "1" };
    const berth = createBerth(program, { ...environment, BERTH_TOKEN: token.secret });
    const port = Number(new URL(cloud.origin).port);
    let proved = 0;
    let proving: Promise<void> | undefined;
    const enter = async () => {
      await berth.json(["prove"]);
      await cloud.settle();
      const mail = cloud.inbox("ada@example.com").find(({ subject }) => /Berth code/.test(subject));
      await berth.json(["prove", /^\d{6}/.exec(mail?.subject ?? "")?.[0] ?? "no code came by mail"]);
    };
    // One code for all who ask at once: codes are counted, and a later one takes the place of one before.
    const prove = () => {
      if (proving === undefined || Date.now() - proved >= (PROOF_MINUTES / 2) * 60_000) {
        proved = Date.now();
        proving = enter();
      }
      return proving;
    };
    return {
      lab,
      cloud: () => cloud,
      berth,
      customer,
      token: token.secret,
      folder,
      async addTarget(name, server, at = server) {
        const { target } = await berth.json(["target", "add", name, `${server.user}@${at.host}:${at.port}`, "--no-install"]);
        await server.exec(`cat >>/root/.ssh/authorized_keys <<'EOF'\n${target.publicKey}\nEOF`);
        await prove();
        const trusted = await berth.json(["target", "trust", name, "--fingerprint", fingerprint(server.hostKey)]);
        if (trusted.status !== "ready") throw new Error(`${name} is ${trusted.status}: ${JSON.stringify(trusted.problem)}`);
        return target.id;
      },
      prove,
      async restart() {
        await cloud.close();
        cloud = await startCloud({ ...state, port });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Lines of JSON that a command printed. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the command answers
export const jsonLines = (text: string): any[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));

/** The last line a command printed as JSON: its result. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the command answers
export const resultOf = (ran: { stdout: string }): any => jsonLines(ran.stdout).at(-1);
