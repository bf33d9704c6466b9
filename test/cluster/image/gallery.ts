// A gallery of extensions as the editor asks one, for the tests: its folder holds `<publisher>.<name>-<version>.vsix`
// files, and `log` notes what was asked. Run by the image's own Node: gallery.ts <port> <folder>.
import { execFileSync } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";

const [port = "", folder = ""] = process.argv.slice(2);

/** What the gallery says of an extension, its versions newest first. */
function listing(id: string) {
  const versions = readdirSync(folder)
    .filter((file) => file.startsWith(`${id}-`) && file.endsWith(".vsix"))
    .map((file) => file.slice(id.length + 1, -".vsix".length))
    .sort((one, other) => other.localeCompare(one, "en", { numeric: true }));
  if (versions.length === 0) return [];
  const [publisherName = "", extensionName = ""] = id.split(".");
  const day = "2026-11-01T00:00:00Z";
  return [
    {
      // Any UUID, as long as it stays the extension's own.
      extensionId: `00000000-0000-4000-8000-${Buffer.from(id).toString("hex").padEnd(12, "0").slice(-12)}`,
      extensionName,
      displayName: extensionName,
      publisher: { publisherId: publisherName, publisherName, displayName: publisherName },
      releaseDate: day,
      publishedDate: day,
      lastUpdated: day,
      versions: versions.map((version) => {
        const assetUri = `http://127.0.0.1:${port}/files/${id}-${version}`;
        const files = [manifest, content].map((assetType) => ({
          assetType,
          source: `${assetUri}/${assetType}`,
        }));
        const properties = [{ key: "Microsoft.VisualStudio.Code.Engine", value: "^1.80.0" }];
        return { version, lastUpdated: day, assetUri, fallbackAssetUri: assetUri, files, properties };
      }),
      statistics: [],
      flags: "validated",
    },
  ];
}

const manifest = "Microsoft.VisualStudio.Code.Manifest";
const content = "Microsoft.VisualStudio.Services.VSIXPackage";

/** A file of one version: its manifest or all of it. */
function asset(url: string): Buffer | undefined {
  const [, name = "", type] = /^\/files\/([\w.-]+)\/([\w.]+)/.exec(url) ?? [];
  const file = `${folder}/${name}.vsix`;
  try {
    return type === manifest
      ? execFileSync("unzip", ["-p", file, "extension/package.json"])
      : readFileSync(file);
  } catch {
    return undefined;
  }
}

createServer((request, response) => {
  const { method = "", url = "" } = request;
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    appendFileSync(`${folder}/log`, `${method} ${url} ${body}\n`);
    if (url === "/extensionquery") {
      const ids = [...body.matchAll(/"filterType":7,"value":"([^"]+)"/g)].map(([, id = ""]) => id);
      response.setHeader("Content-Type", "application/json");
      return response.end(
        JSON.stringify({ results: [{ extensions: ids.flatMap(listing), resultMetadata: [] }] }),
      );
    }
    const found = asset(url);
    if (found === undefined) response.statusCode = 404;
    return response.end(found);
  });
}).listen(Number(port), "127.0.0.1");
