import { z } from "zod";

import { UserError } from "../errors";
import { habit } from "../habit";
import { newestMessage } from "../message";
import { findPlatform, findPlatforms, mustRun, signInKind } from "../platform";

const mail = z.object({ notifier: z.object({ type: z.literal("smtp") }) });

/**
 * Prints the newest message that sign-in wrote for a person, on each of the stack's clusters, where it sends no mail: it
 * has the link to go on by.
 */
export async function message(stackName: string): Promise<void> {
  const platform = await findPlatform(stackName);
  const file = `stacks/Pulumi.${stackName}.yaml`;
  const kind = signInKind(platform.stack);
  if (kind !== "authelia") {
    throw new UserError(
      `sign-in of ${stackName} is ${kind}, which sends no messages`,
      `nothing is to be done; with \`kind: authelia\` below vibecode:auth in ${file} it would`,
    );
  }
  if (mail.safeParse(platform.stack.config["vibecode:auth"]).success) {
    throw new UserError(
      `sign-in of ${stackName} sends its messages by mail`,
      "look into the mailbox of the person who asked for it",
    );
  }
  const messages = await Promise.all(
    (await findPlatforms(stackName)).map(async (each) => {
      await mustRun(each);
      const found = await newestMessage(each.cluster);
      return found === undefined ? [] : [each.place === undefined ? found : `${each.place.name}:\n${found}`];
    }),
  );
  if (messages.flat().length === 0) {
    throw new UserError(
      `sign-in of ${stackName} has sent no message since it started`,
      `sign in, choose "Send the link", then \`${habit("message", stackName)}\` again`,
    );
  }
  console.log(messages.flat().join("\n\n"));
}
