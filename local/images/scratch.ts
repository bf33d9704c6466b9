import * as fs from "node:fs";
import * as path from "node:path";
import { packScratch, type Packed } from "./oci";

/** A program of our own toolchain as an image of nothing but itself. */
export interface ProgramImage {
  /** Its name in the toolchain, and in the image's root. */
  tool: string;
  /** uid:gid, never root. */
  user: string;
  /** Brings the public certificate authorities, for programs that speak TLS to others. */
  authorities: boolean;
}

/** Debian's own list of authorities. What this machine trusts besides is not in it. */
const debianAuthorities = "/usr/share/ca-certificates/mozilla";

/** Builds the image in `work`, a folder of its own, and writes the archive there. */
export async function buildProgram(
  image: ProgramImage,
  binary: string,
  ref: string,
  work: string,
): Promise<Packed & { file: string }> {
  const root = path.join(work, "root");
  fs.mkdirSync(path.join(root, "tmp"), { recursive: true });
  fs.chmodSync(path.join(root, "tmp"), 0o1777);
  fs.copyFileSync(binary, path.join(root, image.tool));
  fs.chmodSync(path.join(root, image.tool), 0o755);
  if (image.authorities) {
    const file = path.join(root, "etc/ssl/certs/ca-certificates.crt");
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, authorities());
  }
  const file = path.join(work, "archive.tar");
  const labels = { "org.opencontainers.image.title": image.tool };
  const described = { root, user: image.user, entrypoint: [`/${image.tool}`], labels };
  return { file, ...(await packScratch(described, ref, work, file)) };
}

function authorities(): string {
  const files = fs.readdirSync(debianAuthorities).filter((file) => file.endsWith(".crt"));
  return files
    .sort()
    .map((file) => fs.readFileSync(path.join(debianAuthorities, file), "utf8"))
    .join("");
}
