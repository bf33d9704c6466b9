import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../errors";
import type { Ran } from "../host/run";
import { imagesFolder } from "./store";

/** Patterns in what debootstrap, buildah, docker, apt and npm print, and what they mean to the person who waits. */
const causes: readonly { says: RegExp; what: string; fix: string }[] = [
  {
    says: /no space left on device|ENOSPC|not enough free space/i,
    what: "the disk is full",
    fix: "free some space, or move the cache by VIBECODE_CACHE",
  },
  {
    says: /cannot allocate memory|ENOMEM|signal: killed/i,
    what: "memory ran out",
    fix: "free some memory: code-server's build takes about 1 GB",
  },
  {
    says: /self.signed certificate|unable to get (local )?issuer certificate|certificate verif\w+ failed|x509:/i,
    what: "a package registry's certificate is not trusted",
    fix: "put its CA into /usr/local/share/ca-certificates and run update-ca-certificates",
  },
  {
    says: /code E401|code E403|401 Unauthorized|403 Forbidden/,
    what: "a package registry refuses us",
    fix: "check the registry's address and what it lets you have",
  },
  {
    says: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|network is unreachable|Temporary failure resolving|Could not (resolve|connect)|Failed (to fetch|getting release)|Unable to fetch|Couldn't download|i\/o timeout/i,
    what: "a package registry is out of reach",
    fix: "check the network, the proxy settings and Debian's mirror",
  },
];

/** Turns a failed build into the line a user can act on. `log` holds the program's own words. */
export function imageFailure(image: string, output: string, log: string): UserError {
  const what = `the image ${image} could not be built`;
  const cause = causes.find(({ says }) => says.test(output));
  return cause === undefined
    ? new UserError(what, `read ${log}`)
    : new UserError(`${what}: ${cause.what}`, `${cause.fix} (the build's own words: ${log})`);
}

/** A failure of a program that built an image. */
export const programFailure = (image: string, ran: Ran) => record(image, `${ran.stdout}\n${ran.stderr}`);

/** A failure of our own while an image was built: a full disk has many ways to show. */
export function ownFailure(image: string, error: unknown): unknown {
  if (error instanceof UserError || !causes.some(({ says }) => says.test(String(error)))) return error;
  return record(image, String(error));
}

/** Keeps what was printed, and names the cause. */
function record(image: string, output: string): UserError {
  const log = path.join(imagesFolder, `${image}.log`);
  try {
    fs.writeFileSync(log, `${output}\n`);
  } catch {
    // On a full disk the cause matters more than the log.
  }
  return imageFailure(image, output, log);
}
