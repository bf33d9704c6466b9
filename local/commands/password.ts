import { UserError } from "../errors";
import { readOutputs } from "../outputs";
import { findPlatform } from "../platform";

/** Prints what a user types at sign-in, and nothing else. */
export async function password(stackName: string, user: string): Promise<void> {
  const { passwords } = await readOutputs(await findPlatform(stackName));
  const found = passwords[user];
  if (found === undefined) {
    throw new UserError(
      user === "" ? "whose password?" : `${user} has no password on ${stackName}`,
      `say USER=name, one of: ${Object.keys(passwords).join(", ")}`,
    );
  }
  console.log(found);
}
