import { run } from "../../local/host";
import { toolPath } from "../../local/toolchain";

/** kubectl for one cluster: gives what it prints, throws when it fails. */
export function kubectlOf(kubeconfig: string) {
  return async (words: readonly string[], input?: string): Promise<string> => {
    const ran = await run(toolPath("kubectl"), ["--kubeconfig", kubeconfig, ...words], {
      ...(input === undefined ? {} : { input }),
      timeout: 120_000,
    });
    if (ran.code !== 0) throw new Error(`kubectl ${words.join(" ")}: ${ran.stderr}`);
    return ran.stdout;
  };
}
