import { type Ready, ready } from "./command.ts";

/** A command as help lists it; the rest is loaded when it is asked for. */
export interface Entry {
  readonly name: string;
  readonly args: string;
  readonly summary: string;
  readonly load: () => Promise<Ready>;
}

/** `alone`: the verb that is meant where none is typed; without one that is the help. */
export interface Noun {
  readonly name: string;
  readonly summary: string;
  readonly verbs: readonly Entry[];
  readonly alone?: string;
}

/** A command by itself, or a noun with verbs. `also`: other words people type for it. */
export type Listed = (Entry | Noun) & {
  readonly group: string;
  readonly also?: readonly string[];
};

const verb = (name: string, args: string, summary: string, load: Entry["load"]): Entry => ({ name, args, summary, load });

const deploying = "Deploy:";
const things = "Apps and servers:";
const account = "Account:";
const tools = "Sign in:";

export const commands: readonly Listed[] = [
  {
    group: deploying,
    ...verb("deploy", "", "Deploy the Compose app in this folder", () => import("./deployment/deploy.ts").then(ready)),
  },
  {
    group: deploying,
    ...verb("rollback", "[release]", "Go back to an earlier release", () => import("./deployment/rollback.ts").then(ready)),
  },
  {
    group: deploying,
    also: ["release"],
    ...verb("releases", "[app]", "List an app's releases", () => import("./release/list.ts").then(ready)),
  },
  {
    group: deploying,
    also: ["log"],
    ...verb("logs", "[app]", "Show what an app's containers say", () => import("./log/read.ts").then(ready)),
  },
  {
    group: things,
    name: "app",
    also: ["apps"],
    summary: "Make, look at and remove apps",
    verbs: [
      verb("init", "[name]", "Make an app and remember its name in berth.yaml", () => import("./app/init.ts").then(ready)),
      verb("list", "", "List your apps and what is live", () => import("./app/list.ts").then(ready)),
      verb("status", "[app]", "Show what serves where, and the last job", () => import("./app/status.ts").then(ready)),
      verb("start", "[app]", "Start an app's containers that are down", () => import("./app/start.ts").then(ready)),
      verb("remove", "<app>", "Take an app off its servers", () => import("./app/remove.ts").then(ready)),
    ],
  },
  {
    group: things,
    name: "target",
    also: ["targets", "server", "servers"],
    summary: "Add, check and remove servers",
    verbs: [
      verb("add", "<name> <address>", "Add a server and give Berth access", () => import("./target/add.ts").then(ready)),
      verb("list", "", "List your servers", () => import("./target/list.ts").then(ready)),
      verb("show", "<name>", "Show one server", () => import("./target/show.ts").then(ready)),
      verb("check", "[name]", "Look at a server again", () => import("./target/check.ts").then(ready)),
      verb("trust", "<name>", "Confirm a server's host key", () => import("./target/trust.ts").then(ready)),
      verb("remove", "<name>", "Forget a server", () => import("./target/remove.ts").then(ready)),
    ],
  },
  {
    group: things,
    name: "jobs",
    also: ["job"],
    summary: "Follow and cancel background work",
    verbs: [
      verb("list", "", "List jobs, newest first", () => import("./job/list.ts").then(ready)),
      verb("show", "<job>", "Show one job", () => import("./job/show.ts").then(ready)),
      verb("watch", "<job>", "Follow a job until it ends", () => import("./job/watch.ts").then(ready)),
      verb("cancel", "<job>", "Cancel a job", () => import("./job/cancel.ts").then(ready)),
    ],
  },
  {
    group: things,
    name: "import",
    summary: "Import a self-hosted installation",
    verbs: [
      verb("self-hosted", "<file>", "Plan and apply an export", () => import("./import/self-hosted.ts").then(ready)),
      verb("list", "", "List what is kept of imported apps", () => import("./import/list.ts").then(ready)),
    ],
  },
  {
    group: account,
    ...verb("plans", "", "List what can be bought", () => import("./billing/plans.ts").then(ready)),
  },
  {
    group: account,
    ...verb("usage", "", "Show your plan and what is used of it", () => import("./billing/usage.ts").then(ready)),
  },
  {
    group: account,
    name: "plan",
    summary: "Look at your plan and change it",
    alone: "show",
    verbs: [
      verb("show", "", "Show your plan, what is used of it and what is planned", () => import("./plan/show.ts").then(ready)),
      verb("change", "<plan>", "Choose a plan, or change it", () => import("./plan/change.ts").then(ready)),
    ],
  },
  {
    group: account,
    name: "billing",
    summary: "Look at the bill and its invoices",
    alone: "show",
    verbs: [
      verb("show", "", "Show the bill's state and where to manage it", () => import("./billing/show.ts").then(ready)),
      verb("invoices", "", "List your invoices, newest first", () => import("./billing/invoices.ts").then(ready)),
    ],
  },
  {
    group: account,
    name: "token",
    also: ["tokens"],
    summary: "Issue and revoke API tokens",
    verbs: [
      verb("create", "<name>", "Issue a token", () => import("./token/create.ts").then(ready)),
      verb("list", "", "List tokens", () => import("./token/list.ts").then(ready)),
      verb("revoke", "<token>", "Revoke a token", () => import("./token/revoke.ts").then(ready)),
    ],
  },
  {
    group: account,
    name: "account",
    summary: "Close your account",
    verbs: [verb("delete", "", "End the subscription and erase everything", () => import("./account/delete.ts").then(ready))],
  },
  { group: account, ...verb("audit", "", "Show who did what", () => import("./audit/list.ts").then(ready)) },
  { group: tools, ...verb("login", "", "Log in with the browser, or with a token", () => import("./auth/login.ts").then(ready)) },
  { group: tools, ...verb("logout", "", "Log out", () => import("./auth/logout.ts").then(ready)) },
  { group: tools, ...verb("whoami", "", "Show who you are", () => import("./auth/whoami.ts").then(ready)) },
  {
    group: tools,
    name: "context",
    also: ["contexts"],
    summary: "List the logins you have, and choose one",
    alone: "list",
    verbs: [
      verb("list", "", "List the logins that are kept", () => import("./context/list.ts").then(ready)),
      verb("use", "<context>", "Make a login the current one", () => import("./context/use.ts").then(ready)),
    ],
  },
  {
    group: tools,
    ...verb("prove", "[code]", "Prove with a code from the mail that it is you", () => import("./auth/prove.ts").then(ready)),
  },
  {
    group: tools,
    ...verb("completion", "<shell>", "Print completions for bash, zsh or fish", () =>
      import("./completion/completion.ts").then(ready),
    ),
  },
];

/** Every command with its words: `["target", "add"]`. */
export const flat = (): (Entry & { readonly words: readonly string[]; readonly group: string })[] =>
  commands.flatMap((each) =>
    "verbs" in each
      ? each.verbs.map((entry) => ({ ...entry, words: [each.name, entry.name], group: each.group }))
      : [{ ...each, words: [each.name] }],
  );
