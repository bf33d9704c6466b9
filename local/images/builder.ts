import { dockerProblem } from "../host/docker";

/** What builds the workspace's image: Docker from a public base, or buildah from a base made of Debian's packages. */
export type Builder = "docker" | "buildah";

/** Docker where its engine answers, since it needs no root and KIND runs on it; else buildah. */
export async function chooseBuilder(timeout?: number): Promise<Builder> {
  return (await dockerProblem(timeout)) === undefined ? "docker" : "buildah";
}
