import * as os from "node:os";
import * as path from "node:path";

/** The project's own folder. */
export const checkout = path.resolve(__dirname, "..");

/**
 * What can be made again: built tools, images. Shared by every checkout of this user.
 * Default `~/.cache/vibecode`; `VIBECODE_CACHE` moves it.
 */
export const cacheFolder =
  process.env["VIBECODE_CACHE"] ??
  path.join(process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache"), "vibecode");

/**
 * What cannot be made again: the embedded clusters' volumes and databases, the stacks' state.
 * Default `~/.local/share/vibecode`; `VIBECODE_DATA` moves it.
 */
export const dataFolder =
  process.env["VIBECODE_DATA"] ??
  path.join(process.env["XDG_DATA_HOME"] ?? path.join(os.homedir(), ".local", "share"), "vibecode");
