import { Command, Help, Option } from "commander";
import type { Entry, Flags, Ready } from "./command.ts";
import { commands } from "./commands.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** The command line as a tree. A command's options are loaded when it is the one that was typed. */
export function createProgram(
  terminal: Terminal,
  run: (ready: Ready, args: readonly string[], flags: Flags) => Promise<void>,
): Command {
  const { paint } = terminal;
  const program: Command = new Command("berth")
    .description("Deploy Docker Compose apps onto your own servers.")
    .usage("<command> [options]")
    .exitOverride()
    .configureOutput({
      writeOut: terminal.raw,
      writeErr: () => {}, // whoever catches the error prints it
      getOutHelpWidth: () => Math.min(terminal.width, 100),
      getOutHasColors: () => paint.bold("x") !== "x",
    })
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 20,
      styleTitle: paint.bold,
      styleSubcommandTerm: paint.cyan,
      styleOptionTerm: paint.cyan,
      subcommandTerm: (command) => [command.name(), command.usage().replace("[options]", "")].join(" ").trimEnd(),
      commandUsage: (command) => `${wordsOf(command).join(" ")} ${command.usage()}`,
      // The program's own help lists them as its options.
      visibleGlobalOptions: (command) => (command === program ? [] : [...program.options]),
      // Only shown: elsewhere it is an option of a command's own.
      visibleOptions: (command) => {
        const visible = Help.prototype.visibleOptions.call(command.createHelp(), command);
        return command === program ? visible.toSpliced(-1, 0, new Option("-V, --version", "print the version")) : visible;
      },
    })
    .option("--json", "print JSON, and only that")
    .addOption(new Option("--context <name>", "use the login kept under this name").env("BERTH_CONTEXT"))
    .addOption(new Option("--url <address>", "where the service is").env("BERTH_URL"))
    .helpOption("-h, --help", "show help")
    .helpCommand(false);

  const examples = (list: Ready["examples"]) => {
    const longest = Math.max(...list.map(([command]) => command.length));
    const wide = Math.min(terminal.width, 100) >= longest + 4 + Math.max(...list.map(([, why]) => why.length));
    const lines = list.map(([command, why]) =>
      wide ? `  ${paint.cyan(command.padEnd(longest))}  ${why}` : `  ${paint.dim(`# ${why}`)}\n  ${paint.cyan(command)}`,
    );
    return `\n${paint.bold("Examples:")}\n${lines.join("\n")}\n`;
  };

  const add = (parent: Command, entry: Entry) => {
    let loaded: Ready | undefined;
    const command = parent.command(entry.name).summary(entry.summary).description(`${entry.summary}.`);
    if (entry.args) command.usage(`${entry.args} [options]`).arguments(entry.args);
    else command.usage("[options]");
    command.action(async () => {
      if (loaded) await run(loaded, command.args, command.optsWithGlobals());
    });
    parent.hook("preSubcommand", async (_, chosen) => {
      if (chosen !== command) return;
      loaded = await entry.load();
      loaded.options(command).addHelpText("after", examples(loaded.examples));
    });
    return command;
  };

  for (const each of commands) {
    if (!("verbs" in each)) {
      listed(add(program, each), each);
      continue;
    }
    const { name, summary, alone } = each;
    const noun = program
      .command(name)
      .summary(summary)
      .usage(alone ? "[command]" : "<command>");
    noun.description(alone ? `${summary}. Without a command: ${alone}.` : `${summary}.`);
    noun.helpCommand(false);
    for (const entry of each.verbs) add(noun, entry);
    listed(noun, each);
  }
  program.addHelpText(
    "after",
    examples([
      ["berth login", "sign in with your browser"],
      ["berth target add web1 root@203.0.113.7", "add a server"],
      ["berth deploy", "deploy the app in this folder"],
      ["berth rollback", "go back to the release before"],
      ["berth jobs list --json", "for programs: one JSON object"],
    ]),
  );
  program.addHelpText("after", environment(paint));
  return program;
}

const environment = (paint: Terminal["paint"]) =>
  [
    paint.bold("Environment:"),
    "  BERTH_URL, BERTH_TOKEN   all that a machine needs",
    "  BERTH_DEPLOYER           in place of a token, in a job of GitHub Actions",
    "  BERTH_CONTEXT            which of your logins",
    "  HTTPS_PROXY, NO_PROXY    the way through a proxy",
    "  SSL_CERT_FILE            authorities of your own",
    "  CI                       set: nothing is asked",
  ].join("\n");

const wordsOf = (command: Command): string[] => [...(command.parent ? wordsOf(command.parent) : []), command.name()];

const listed = (command: Command, { group, also = [] }: { group: string; also?: readonly string[] }) => {
  command.helpGroup(group).aliases(also);
};
