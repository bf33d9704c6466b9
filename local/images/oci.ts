import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { run } from "../host/run";

const layered = z.looseObject({ layers: z.array(z.looseObject({ size: z.number() })) });
const media = "application/vnd.oci.image";

/** What an archive holds. */
export interface Packed {
  /** `sha256:…` of the manifest. */
  digest: string;
  /** Size of the layers. */
  bytes: number;
}

export interface ScratchImage {
  /** A folder whose content becomes the root file system, owned by root. */
  root: string;
  /** `1000:1000`. */
  user: string;
  entrypoint: readonly string[];
  labels: Readonly<Record<string, string>>;
}

/** Packs a one-layer image. The same content gives the same digest. */
export async function packScratch(
  image: ScratchImage,
  ref: string,
  work: string,
  archive: string,
): Promise<Packed> {
  const blobs = blobFolder(work);
  const tar = path.join(work, "layer");
  const fixed = ["--sort=name", "--mtime=@0", "--mode=a+rX", "--owner=0", "--group=0", "--numeric-owner"];
  await must("tar", ["-C", image.root, ...fixed, "-cf", tar, "."]);
  const layer = sha256(fs.readFileSync(tar));
  const size = fs.statSync(tar).size;
  fs.renameSync(tar, path.join(blobs, layer));

  const config = JSON.stringify({
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: { User: image.user, Entrypoint: image.entrypoint, WorkingDir: "/", Labels: image.labels },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
  });
  fs.writeFileSync(path.join(blobs, sha256(config)), config);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: `${media}.manifest.v1+json`,
    config: {
      mediaType: `${media}.config.v1+json`,
      digest: `sha256:${sha256(config)}`,
      size: Buffer.byteLength(config),
    },
    layers: [{ mediaType: `${media}.layer.v1.tar`, digest: `sha256:${layer}`, size }],
  });
  return pack(manifest, ref, work, archive);
}

/** Packs what `buildah push --format oci … dir:<folder>` wrote. Its own archives are always compressed. */
export async function packFolder(
  folder: string,
  ref: string,
  work: string,
  archive: string,
): Promise<Packed> {
  const blobs = blobFolder(work);
  for (const file of fs.readdirSync(folder))
    if (/^[0-9a-f]{64}$/.test(file)) fs.renameSync(path.join(folder, file), path.join(blobs, file));
  return pack(fs.readFileSync(path.join(folder, "manifest.json"), "utf8"), ref, work, archive);
}

function blobFolder(work: string): string {
  const blobs = path.join(work, "layout", "blobs", "sha256");
  fs.mkdirSync(blobs, { recursive: true });
  return blobs;
}

/** Writes an OCI archive of the one image whose blobs lie in `work`. */
async function pack(manifest: string, ref: string, work: string, archive: string): Promise<Packed> {
  const layout = path.join(work, "layout");
  const digest = sha256(manifest);
  fs.writeFileSync(path.join(layout, "blobs", "sha256", digest), manifest);
  const described = {
    mediaType: `${media}.manifest.v1+json`,
    digest: `sha256:${digest}`,
    size: Buffer.byteLength(manifest),
    // containerd reads the first of the two names, Docker and skopeo the second.
    annotations: { "io.containerd.image.name": ref, "org.opencontainers.image.ref.name": ref },
  };
  const index = JSON.stringify({ schemaVersion: 2, manifests: [described] });
  fs.writeFileSync(path.join(layout, "index.json"), index);
  fs.writeFileSync(path.join(layout, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await must("tar", ["-C", layout, "-cf", archive, "oci-layout", "index.json", "blobs"]);
  const { layers } = layered.parse(JSON.parse(manifest));
  return { digest: `sha256:${digest}`, bytes: layers.reduce((sum, { size }) => sum + size, 0) };
}

const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(command, args);
  if (code !== 0) throw new Error(`${command} failed: ${stderr}`);
}
