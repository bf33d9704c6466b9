import { ensureImages } from "../images";
import { findPlatform, openLocalStack } from "../platform";
import { preparePulumi } from "../pulumi";
import { runEngine } from "../remote";

const quiet = () => undefined;

/** Prints what `up` would change. */
export async function preview(stackName: string): Promise<void> {
  const platform = await findPlatform(stackName);
  if (platform.cluster.kind === "existing") {
    await runEngine(platform, "preview");
    return;
  }
  const pulumi = await preparePulumi(quiet);
  const images = await ensureImages(["workspace", "traefik"], quiet);
  const stack = await openLocalStack(platform, pulumi, images, quiet);
  await stack.preview();
}
