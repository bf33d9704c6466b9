import { ensureImages } from "../images";
import { partsOf } from "../parts";
import { checkConfig, findPlatform, openLocalStack } from "../platform";
import { runSteps } from "../progress";
import { preparePulumi, type LocalStack } from "../pulumi";
import { runEngine } from "../remote";
import { ensureTools } from "../toolchain";

/** Prints what `up` would change. */
export async function preview(stackName: string): Promise<void> {
  const platform = await findPlatform(stackName);
  if (platform.cluster.kind === "existing") {
    await runEngine(platform, "preview");
    return;
  }
  checkConfig(platform);
  let stack: LocalStack | undefined;
  await runSteps([
    {
      title: "Pulumi and the images",
      run: async (report) => {
        const pulumi = await preparePulumi(report);
        const { tools, images: names } = partsOf(platform);
        await ensureTools(tools, report);
        const images = await ensureImages(names, report);
        stack = await openLocalStack(platform, pulumi, images, report);
        return undefined;
      },
    },
  ]);
  await stack?.preview();
}
