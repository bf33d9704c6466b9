import { onPath } from "../host/path";
import { run } from "../host/run";

/** What builds the workspace's image: Docker from a public base, or buildah from a base made of Debian's packages. */
export type Builder = "docker" | "buildah";

/** Docker where its engine answers, since it needs no root and KIND runs on it; else buildah. */
export async function chooseBuilder(timeout = 5_000): Promise<Builder> {
  if (!onPath("docker")) return "buildah";
  const { code, stdout } = await run("docker", ["info", "--format", "{{.ServerVersion}}"], { timeout });
  return code === 0 && stdout.trim() !== "" ? "docker" : "buildah";
}
