/** What a go.mod says that matters here. */
export interface GoMod {
  /** The oldest Go that builds it: `1.26.0`. */
  go: string;
  /** Packages to build. */
  tools: readonly string[];
  /** Module path to version. */
  requires: ReadonlyMap<string, string>;
}

/** Reads a go.mod: `directive value` lines and `directive ( ... )` blocks. */
export function parseGoMod(text: string): GoMod {
  let go = "";
  const tools: string[] = [];
  const requires = new Map<string, string>();
  let block: string | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.replace(/\/\/.*/, "").trim();
    if (line === "") continue;
    if (line === ")") {
      block = undefined;
      continue;
    }
    const words = line.split(/\s+/);
    const directive = block ?? words.shift();
    const [first = "", second] = words;
    if (first === "(") block = directive;
    else if (directive === "go") go = first;
    else if (directive === "tool") tools.push(first);
    else if (directive === "require" && second !== undefined) requires.set(first, second);
  }
  return { go, tools, requires };
}

/** The file name `go build` gives a package: its last element, the one before where that is a major version. */
export function binaryName(packagePath: string): string {
  const elements = packagePath.split("/");
  const last = elements.at(-1) ?? "";
  return /^v[2-9]\d*$|^v1\d+$/.test(last) ? (elements.at(-2) ?? last) : last;
}
