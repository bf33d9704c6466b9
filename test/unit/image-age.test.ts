import { called, onlyOnPath, removeTemporary } from "./host-stand-ins";
import * as fs from "node:fs";
import * as path from "node:path";

import { ensureImages } from "../../local/images";
import { imagesFolder } from "../../local/images/store";

const docker = (build: string): Record<string, string> => ({
  docker: `case "$1" in
    build) ${build} ;;
    save) echo archive > "$3" ;;
    image) echo '[{"Id": "sha256:1", "Size": 7}]' ;;
  esac`,
});
const reports: string[] = [];
const workspace = async () =>
  (await ensureImages(["workspace"], (message) => reports.push(message), { builder: "docker" })).workspace;
const builds = () => called().filter((call) => call.startsWith("docker build"));

/** Makes the stored image as old as that. */
function age(days: number): void {
  for (const file of fs.readdirSync(imagesFolder).filter((name) => name.endsWith(".json"))) {
    const note = path.join(imagesFolder, file);
    const built = new Date(Date.now() - days * 86_400_000).toISOString();
    const text = fs.readFileSync(note, "utf8").replace(/"built":"[^"]*"/, `"built":"${built}"`);
    // So that the ref of today is told from that of the first build.
    fs.writeFileSync(note, text.replace(/-\d{8}"/, '-20260101"'));
  }
}

beforeEach(async () => {
  fs.rmSync(imagesFolder, { recursive: true, force: true });
  reports.length = 0;
  onlyOnPath(docker(":"));
  await workspace();
});
afterAll(removeTemporary);

test("an image of less than 30 days is taken as it is", async () => {
  age(29);
  expect((await workspace()).ref).toMatch(/-20260101$/);
  expect(builds()).toHaveLength(1);
});

test("an older one is built anew from a new base, under a ref of its own", async () => {
  age(31);
  const { ref } = await workspace();
  expect(ref).toMatch(/:[0-9a-f]{12}-\d{8}$/);
  expect(ref).not.toMatch(/-20260101$/);
  expect(builds().at(-1)).toContain("build --pull --no-cache ");
  expect((await workspace()).ref).toBe(ref);
  expect(builds()).toHaveLength(2);
});

test("an older one is kept, and that is said, where the network is out of reach", async () => {
  age(31);
  onlyOnPath(docker("echo 'getaddrinfo EAI_AGAIN' >&2; exit 1"));
  expect((await workspace()).ref).toMatch(/-20260101$/);
  expect(reports.at(-1)).toContain("kept without Debian's latest updates");
  expect(reports.at(-1)).toContain("a package registry is out of reach");
});
