import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { stringify } from "yaml";
import { z } from "zod";

import { UserError, type Report } from "../errors";
import { checkout } from "../paths";
import { openStack, type LocalStack } from "./engine";
import { maskState, pathOf, placeholderAt, type Masked, type MaskedState, type Place } from "./masked";
import type { Pulumi } from "./prepare";

export interface OfflineArgs {
  stack: string;
  pulumi: Pulumi;
  /** The stack's config without its secrets. */
  masked: Masked;
  /** Places of secrets that the config lacks and must have. */
  missing: readonly Place[];
  /** The stack's state, from `pulumi stack export`. Without one everything is new. */
  state?: string | undefined;
}

/** A stack on which only a preview can be run, in a folder of its own. */
export interface Offline {
  stack: LocalStack;
  /** What the preview cannot know, a sentence each. */
  notes: string[];
  /** Removes the folder. */
  close: () => void;
}

/**
 * Opens a copy of a stack for which nobody needs to be asked: neither its backend nor its key nor its cluster, by the
 * offline plugins.
 */
export async function openOffline(args: OfflineArgs, report: Report): Promise<Offline> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-preview-"));
  const close = () => {
    fs.rmSync(folder, { recursive: true, force: true });
  };
  // A run that is interrupted leaves nothing.
  process.once("exit", close);
  const { config, places } = args.masked;
  const source = path.join(folder, "stack.yaml");
  fs.writeFileSync(source, stringify({ config }), { mode: 0o600 });
  const stack = await openStack(
    { cluster: args.stack, stack: args.stack, pulumi: offlinePulumi(args.pulumi), folder, source },
    report,
  );
  await stack.setSecrets(
    config,
    [...places, ...args.missing].map((place) => [pathOf(place), placeholderAt(place)] as const),
  );
  const state = args.state === undefined ? undefined : readState(args.state, await stack.exportState());
  if (state !== undefined) await stack.importState(state.state);
  return { stack, notes: notes(places, args.missing, state), close };
}

/** The plugins of this checkout, before all others, and told that there is no cluster. */
export function offlinePulumi(pulumi: Pulumi): Pulumi {
  const folders = [path.join(checkout, "local", "plugins", "bin"), pulumi.env["PATH"] ?? ""];
  return {
    ...pulumi,
    plugins: "offline",
    env: {
      ...pulumi.env,
      PATH: folders.join(path.delimiter),
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      VIBECODE_NO_CLUSTER: "true",
    },
  };
}

function readState(text: string, own: string): MaskedState {
  try {
    return maskState(text, own);
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    throw new UserError("that is no state of a stack", "give what `pulumi stack export` prints", { cause });
  }
}

function notes(
  places: readonly Place[],
  missing: readonly Place[],
  state: MaskedState | undefined,
): string[] {
  return [
    "No cluster was asked, so what its API server would refuse is not known.",
    state === undefined
      ? "No state was given, so everything is new."
      : `The state's secrets are not known (${state.secrets}); what is made of them is taken to stay as it is.`,
    ...(state !== undefined && state.pending > 0
      ? [`The state has ${state.pending} operations that were cut off; they are passed over.`]
      : []),
    ...(places.length > 0 ? [`Placeholders stand for what is encrypted: ${list(places)}.`] : []),
    ...(missing.length > 0 ? [`Placeholders stand for secrets that nobody set: ${list(missing)}.`] : []),
  ];
}

/** Places as people write them: `vibecode:secretEnv.alice.TOKEN`. */
const list = (places: readonly Place[]) => places.map((place) => place.join(".")).join(", ");
