import { onPath } from "./path";
import { run } from "./run";

/**
 * Why no Docker engine can be used here, if so.
 *
 * @param timeout milliseconds that an engine may take to answer
 */
export async function dockerProblem(timeout = 3000): Promise<string | undefined> {
  if (!onPath("docker")) return "there is no Docker here";
  const info = await run("docker", ["info", "--format", "{{.ServerVersion}}"], { timeout });
  // A client alone exits with 0 in some versions and prints no version of an engine.
  return info.code !== 0 || info.stdout.trim() === "" ? "no Docker engine answers here" : undefined;
}
