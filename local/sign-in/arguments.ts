/** Where the translated configuration is: the child's fourth descriptor, a file that no folder has. */
export const given = "/proc/self/fd/3";

/** What the command line asks for. */
export interface Asked {
  /** The configuration with the keys of 4.39; absent for what needs none, such as `--version`. */
  configuration: string | undefined;
  /** What 4.37.5 is asked in its place. */
  args: string[];
  /** Whether it is to serve, rather than to answer one question. */
  serves: boolean;
}

/** Reads the words after `authelia`: `--config=/config/configuration.yml`, `storage encryption check --config ...`. */
export function readArguments(words: readonly string[]): Asked {
  let configuration: string | undefined;
  const args: string[] = [];
  const others: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const [, joined] = /^(?:--config|-c)=(.*)$/.exec(word) ?? [];
    if (joined === undefined && word !== "--config" && word !== "-c") {
      args.push(word);
      others.push(word);
      continue;
    }
    const file = joined ?? words[++at] ?? "";
    if (file === "") throw new Error("--config needs a file");
    if (configuration !== undefined) throw new Error("--config must be one: nobody put two together");
    configuration = file;
    args.push("--config", given);
  }
  const serves = configuration !== undefined && (others[0] ?? "-").startsWith("-");
  if (serves && others.length > 0) throw new Error(`nobody said what ${others.join(" ")} is beside --config`);
  return { configuration, args, serves };
}
