/** The local cloud with the functions as they are deployed: each its own bundle, process, environment and role, and IAM in front of the engines. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { queueName } from "@berth/local/cloud/names.ts";
import type { createPools } from "@berth/local/cloud/runtime.ts";
import { type Cloud, startCloud } from "@berth/local/cloud.ts";
import { createPool, type Invocation, type Pool } from "@berth/local/lambda/pool.ts";
import { ACCOUNT, queueArn } from "@berth/local/sqs/wire.ts";
import { close, listen } from "@berth/local/state/server.ts";
import { type FunctionName, functions } from "../../../functions/manifest.ts";
import { bundle } from "../../../infra/bundle.ts";
import { synthesize } from "../../infra/synth.ts";
import { type Attached, decide, type IamRequest, type PolicyStatement } from "./decide.ts";
import { type Deployed, type DeployedFunction, deployed, REGION, STREAM_ARN } from "./policies.ts";
import { type Asked, requestsOf } from "./requests.ts";

/** One request to IAM and in whose name it was made: a function, or what starts it. */
interface Decided {
  readonly by: FunctionName;
  readonly request: IamRequest;
  readonly attached: Attached;
  readonly decision: ReturnType<typeof decide>;
}

export interface GuardedCloud {
  readonly cloud: Cloud;
  readonly made: Deployed;
  /** Everything that was asked of IAM, in order, without repetitions. */
  decided(): readonly Decided[];
  /** The first that was not allowed. */
  readonly refused: Promise<Decided>;
  /** Actions that fail at the service itself, as in an outage of it. */
  readonly outage: Set<string>;
  /** What went wrong in the simulation itself, such as a call that it does not know. */
  readonly unknown: readonly string[];
  close(): Promise<void>;
}

export async function startGuardedCloud(): Promise<GuardedCloud> {
  const folder = mkdtempSync(join(tmpdir(), "berth-iam-"));
  const names = Object.keys(functions) as FunctionName[];
  for (const name of names) await bundle(name, join(folder, name));

  const asked = new Map<string, Decided>();
  const unknown: string[] = [];
  const outage = new Set<string>();
  const { promise: refused, resolve: refuse } = Promise.withResolvers<Decided>();
  let engines = "";
  let s3: Cloud["s3"]["answer"] | undefined;
  const listener = createServer(async (incoming, response) => {
    try {
      const [, by = "", service = "", path = ""] = /^\/([^/]+)\/([^/?]+)([^?]*)/.exec(incoming.url ?? "") ?? [];
      // What is signed is the whole address, so it is answered here and not asked again.
      if (service === "s3") {
        const signer = decodeURIComponent(by) as FunctionName;
        const { role } = functionOf(signer);
        const asks = requestsOf(service, String(incoming.method), path, {});
        const denied = asks
          .map((each) => ask(signer, role.arn, role.statements, each))
          .some(({ decision }) => decision !== "allowed");
        if (denied) return void response.writeHead(403).end();
        return await s3?.(incoming, response, `/${by}/s3`);
      }
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const name = decodeURIComponent(by) as FunctionName;
      const { role } = functionOf(name);
      const text = body.toString("utf8");
      const input = service === "sts" ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text || "{}");
      const target = String(incoming.headers["x-amz-target"] ?? "");
      const requests = requestsOf(service, target, path, input);
      const answers = requests.map((each) => ask(name, role.arn, role.statements, each));
      const denied = answers.find(({ decision }) => decision !== "allowed");
      if (denied) {
        const { action, resource, principal } = denied.request;
        const message = `User: ${principal} is not authorized to perform: ${action} on resource: ${resource}`;
        const type = "AccessDeniedException";
        response
          .writeHead(400, { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": type })
          .end(JSON.stringify({ __type: `com.amazon.coral.service#${type}`, message }));
        return;
      }
      if (requests.some(({ action }) => outage.has(action))) return void response.writeHead(503).end();
      const { host: _host, ...headers } = incoming.headers;
      const onward = forward(`${engines}/${service}${path}`, { method: incoming.method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      onward.on("error", () => response.destroy());
      onward.end(body);
    } catch (error) {
      unknown.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
      response.writeHead(500).end();
    }
  });
  const { port } = await listen(listener, 0);
  const addressOf = (name: FunctionName) => `http://127.0.0.1:${port}/${encodeURIComponent(name)}`;
  const templates = synthesize("local");
  // A queue's URL is part of what a function is told, and each has an address of its own for the engines.
  const anyones = "http://engines";
  const made = deployed(templates, (name) => `${anyones}/sqs/${ACCOUNT}/${name}`);

  function functionOf(name: FunctionName): DeployedFunction {
    const found = made.functions.get(name);
    if (!found) throw new Error(`no function ${name} is deployed`);
    return found;
  }

  function ask(by: FunctionName, principal: string, identity: readonly PolicyStatement[], request: Asked): Decided {
    const whole = { principal, ...request };
    const { context } = request;
    // What matters of a partition is its kind: every tenant has thousands of its own.
    const kinds = [context["dynamodb:LeadingKeys"] ?? []].flat().map((key) => key.replace(/#.*/s, "#"));
    const about = { ...context, "dynamodb:LeadingKeys": kinds, "kms:EncryptionContext:tenant": "" };
    const id = JSON.stringify([by, principal, request.action, request.resource, about]);
    const known = asked.get(id);
    const attached = { identity, resource: made.resources.get(request.resource) ?? [] };
    const decision = decide(whole, attached);
    const found = { by, request: whole, attached, decision };
    if (!known || known.decision === "allowed") asked.set(id, found);
    if (decision !== "allowed") refuse(found);
    return found;
  }

  /** What Lambda and those who start a function do in its name or to it. @throws when IAM lets them not */
  function start(name: FunctionName, event: unknown): void {
    const { arn, role, logGroup, starters, deadLetters } = functionOf(name);
    const { trigger } = functions[name];
    const demand = (principal: string, identity: readonly PolicyStatement[], action: string, resource: string, context = {}) => {
      const request = { action, resource, context: { "aws:SecureTransport": "true", ...context } };
      const { decision } = ask(name, principal, identity, request);
      if (decision !== "allowed") throw new Error(`${principal} may not ${action} ${resource}: ${decision}`);
    };
    const inItsName = (action: string, resource: string) => demand(role.arn, role.statements, action, resource);
    for (const action of ["logs:CreateLogStream", "logs:PutLogEvents"]) inItsName(action, logGroup);
    if (trigger.kind === "queue")
      for (const action of ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"])
        inItsName(action, queueArn(queueName(trigger.queue)));
    else if (trigger.kind === "table-stream") {
      for (const action of ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"])
        inItsName(action, STREAM_ARN);
      inItsName("dynamodb:ListStreams", STREAM_ARN);
      if (deadLetters === undefined) throw new Error(`${name} has nowhere to leave what it gives up`);
      inItsName("sqs:SendMessage", deadLetters);
    } else if (trigger.kind === "schedule") {
      if (starters.length === 0) throw new Error(`no schedule starts ${name}`);
      for (const starter of starters) demand(starter.arn, starter.statements, "lambda:InvokeFunction", arn);
    } else if (trigger.kind === "http") {
      const [method, path] = String((event as { routeKey?: string }).routeKey).split(" ");
      const SourceArn = `arn:aws:execute-api:${REGION}:${ACCOUNT}:${made.apiId}/$default/${method}${path}`;
      demand("apigateway.amazonaws.com", [], "lambda:InvokeFunction", arn, { "aws:SourceArn": SourceArn });
    } else {
      demand("*", [], "lambda:InvokeFunctionUrl", arn, { "lambda:FunctionUrlAuthType": "NONE" });
      demand("*", [], "lambda:InvokeFunction", arn, { "lambda:InvokedViaFunctionUrl": "true" });
    }
  }

  const pools: typeof createPools = ({ env, ahead, log }) => {
    engines = String(env.LOCAL_ENDPOINT);
    const own = new Map<string, Pool>();
    for (const name of names) {
      const { environment } = functionOf(name);
      const address = addressOf(name);
      const told = Object.entries(environment).map(([key, value]) => [key, value.replace(anyones, address)]);
      const { ORIGIN = "", LOCAL_STRIPE = "", LOCAL_ISSUER = "" } = env;
      const local = { ORIGIN, LOCAL_ENDPOINT: address, LOCAL_STRIPE, LOCAL_ISSUER };
      own.set(
        name,
        createPool({
          name,
          size: 1,
          // As it is deployed.
          fileOf: () => join(folder, name, "index.mjs"),
          env: { ...Object.fromEntries(told), ...local },
          ahead,
          log: (text) => log.event("workers", text),
          output: log.output,
        }),
      );
    }
    const all = (which: (kind: string) => boolean): Pool => {
      const some = [...own].filter(([name]) => which(functions[name as FunctionName].trigger.kind)).map(([, pool]) => pool);
      return {
        invoke: async (invocation: Invocation) => {
          start(invocation.name as FunctionName, invocation.event);
          return (own.get(invocation.name) as Pool).invoke(invocation); // every function has one
        },
        workers: () => some.flatMap((each) => each.workers()),
        kill: (pid) => some.some((each) => each.kill(pid)),
        setClock: (to) => {
          for (const each of some) each.setClock(to);
        },
        ready: async () => void (await Promise.all(some.map((each) => each.ready()))),
        restart: () => {
          for (const each of some) each.restart();
        },
        close: async () => void (await Promise.all(some.map((each) => each.close()))),
      };
    };
    const answers = (kind: string) => kind === "http" || kind === "stream-url";
    return { api: all(answers), workers: all((kind) => !answers(kind)) };
  };

  const cloud = await startCloud({ pools });
  s3 = cloud.s3.answer;
  return {
    cloud,
    made,
    decided: () => [...asked.values()],
    refused,
    outage,
    unknown,
    async close() {
      await cloud.close();
      await close(listener);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
