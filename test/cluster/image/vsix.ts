import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** A VSIX file is a zip of a manifest, a list of content types and the extension's folder; the editor reads all three. */
const zip = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    for name, text in json.load(sys.stdin).items():
        archive.writestr(name, text)
`;

export interface Extension {
  /** `publisher.name`. */
  id: string;
  version: string;
  /** Other extensions without which this one does not run. */
  needs?: readonly string[];
}

/** What an extension says of itself: its `package.json`. */
export function manifestOf({ id, version, needs = [] }: Extension) {
  const [publisher = "", name = ""] = id.split(".");
  return {
    publisher,
    name,
    displayName: name,
    version,
    engines: { vscode: "^1.80.0" },
    main: "./main.js",
    activationEvents: ["onStartupFinished"],
    extensionDependencies: needs,
  };
}

/** The bytes of an extension that does nothing. */
export function vsix(extension: Extension): Buffer {
  const { publisher, name, version } = manifestOf(extension);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "vsix-"));
  const file = path.join(folder, "made.vsix");
  const content = {
    "[Content_Types].xml":
      '<?xml version="1.0" encoding="utf-8"?>\n<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
      '<Default Extension=".json" ContentType="application/json"/><Default Extension=".js" ContentType="application/javascript"/>' +
      '<Default Extension=".vsixmanifest" ContentType="text/xml"/></Types>',
    "extension.vsixmanifest":
      '<?xml version="1.0" encoding="utf-8"?>\n<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">' +
      `<Metadata><Identity Language="en-US" Id="${name}" Version="${version}" Publisher="${publisher}"/>` +
      `<DisplayName>${name}</DisplayName></Metadata>` +
      '<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation><Dependencies/>' +
      '<Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/></Assets>' +
      "</PackageManifest>",
    "extension/package.json": JSON.stringify(manifestOf(extension)),
    "extension/main.js": "exports.activate = () => undefined;\n",
  };
  try {
    execFileSync("python3", ["-c", zip, file], { input: JSON.stringify(content) });
    return fs.readFileSync(file);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
