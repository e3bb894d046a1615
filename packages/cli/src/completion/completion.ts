import { Command } from "commander";
import { flat, type Listed, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { usage } from "../refusal.ts";
import type { Session } from "../session.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

interface Input {
  readonly shell: Shell;
}

/** Prints the script that completes these commands. */
export const completionOf = (commands: readonly Listed[]): Verb<Input> => ({
  examples,
  parse,
  run: (session, input) => run(session, input, commands),
});

const examples: Verb<Input>["examples"] = [
  ['eval "$(berth completion bash)"', "in ~/.bashrc"],
  ['eval "$(berth completion zsh)"', "in ~/.zshrc, after compinit"],
  ["berth completion fish > ~/.config/fish/completions/berth.fish", "once"],
];

function parse([text = ""]: readonly string[]): Input {
  const shell = shells.find((each) => each === text);
  if (shell === undefined) throw usage(`"${text}" is none of ${shells.join(", ")}.`, "berth completion bash");
  return { shell };
}

const globals = ["--json", "--context", "--url", "--help"];

/** What may follow each command's words: its verbs, or its options. */
async function words(commands: readonly Listed[]): Promise<Map<string, { readonly name: string; readonly about: string }[]>> {
  const found = new Map([["", commands.map(({ name, summary }) => ({ name, about: summary }))]]);
  for (const each of commands)
    if ("verbs" in each)
      found.set(
        each.name,
        each.verbs.map(({ name, summary }) => ({ name, about: summary })),
      );
  for (const entry of flat(commands)) {
    const { options } = (await entry.load()).options(new Command());
    found.set(
      entry.words.join(" "),
      options.flatMap(({ long, description }) => (long ? [{ name: long, about: description }] : [])),
    );
  }
  return found;
}

const plain = (text: string) => text.replaceAll(/['\\:[\]]/g, "");

function posix(table: ReadonlyMap<string, readonly { name: string }[]>): string[] {
  return [...table].map(
    ([path, entries]) => `    '${path}') words='${[...entries.map(({ name }) => name), ...(path ? globals : [])].join(" ")}' ;;`,
  );
}

/** The words typed so far that are command names, joined: the key of what may follow. */
const bash = (lines: readonly string[], commands: readonly Listed[]) => `_berth() {
  local word path='' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      -*) ;;
      *) case " ${flat(commands)
        .map((entry) => entry.words.join("/"))
        .join(" ")} " in
        *" \${path:+$path/}$word "* | *" \${path:+$path/}$word/"*) path=\${path:+$path/}$word ;;
      esac ;;
    esac
  done
  case \${path/\\// } in
${lines.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _berth berth`;

const zsh = (lines: readonly string[], commands: readonly Listed[]) => `autoload -U +X bashcompinit && bashcompinit
${bash(lines, commands)}`;

function fish(table: ReadonlyMap<string, readonly { name: string; about: string }[]>, commands: readonly Listed[]): string {
  const nouns = commands.map(({ name }) => name).join(" ");
  return [...table]
    .flatMap(([path, entries]) => {
      const [noun, verb] = path.split(" ");
      const names = entries.filter(({ name }) => !name.startsWith("-")).map(({ name }) => name);
      const seen = [
        noun ? `__fish_seen_subcommand_from ${noun}` : `not __fish_seen_subcommand_from ${nouns}`,
        ...(verb ? [`__fish_seen_subcommand_from ${verb}`] : []),
        ...(noun && names.length > 0 ? [`not __fish_seen_subcommand_from ${names.join(" ")}`] : []),
      ].join("; and ");
      return entries.map(({ name, about }) =>
        name.startsWith("--")
          ? `complete -c berth -f -n '${seen}' -l ${name.slice(2)} -d '${plain(about)}'`
          : `complete -c berth -f -n '${seen}' -a ${name} -d '${plain(about)}'`,
      );
    })
    .join("\n");
}

async function run(session: Session, { shell }: Input, commands: readonly Listed[]): Promise<Exit> {
  const table = await words(commands);
  const script =
    shell === "fish" ? fish(table, commands) : shell === "zsh" ? zsh(posix(table), commands) : bash(posix(table), commands);
  session.terminal.out(session.json ? JSON.stringify({ shell, script }) : script);
  return exits.done;
}
