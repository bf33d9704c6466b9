import { lab, type Lab } from "./image/lab";
import { vsix, type Extension } from "./image/vsix";

const gallery = JSON.stringify({
  serviceUrl: "http://127.0.0.1:9000",
  itemUrl: "http://127.0.0.1:9000/item",
});
const one = { id: "acme.one", version: "1.0.0" };
const newer = { id: "acme.one", version: "1.10.0" };
const needy = { id: "acme.needy", version: "2.0.0", needs: ["acme.one"] };
const own = { id: "person.own", version: "0.1.0" };

const fileOf = ({ id, version }: Extension) => `${id}-${version}.vsix`;
let workspace: Lab;

jest.setTimeout(120_000);

beforeAll(async () => {
  const files = Object.fromEntries([one, newer, needy, own].map((each) => [fileOf(each), vsix(each)]));
  workspace = await lab({ namespace: "image-extensions", files });
}, 300_000);

afterAll(async () => {
  await workspace.remove();
}, 120_000);

beforeEach(async () => {
  await workspace.renew();
});

/** Puts extensions into the image's folder. */
const offer = (...extensions: readonly Extension[]) =>
  workspace.sh(extensions.map((each) => `cp /test/${fileOf(each)} /opt/workspace/extensions/`).join("; "));

/** Starts the gallery with these extensions. */
async function publish(...extensions: readonly Extension[]): Promise<void> {
  const files = extensions.map((each) => `/test/${fileOf(each)}`).join(" ");
  await workspace.sh(`mkdir -p /tmp/gallery && cp ${files} /tmp/gallery && cp /test/gallery.ts /tmp
    setsid node /tmp/gallery.ts 9000 /tmp/gallery > /tmp/gallery.out 2>&1 & echo $! > /tmp/gallery.pid
    until curl -s 127.0.0.1:9000; do sleep 0.1; done`);
}

const editor = "code-server --extensions-dir=/extensions --user-data-dir=/tmp/editor";

/** What the editor itself says is installed. */
const installed = async () =>
  (await workspace.sh(`${editor} --list-extensions --show-versions`)).split("\n").filter(Boolean).sort();

describe("from the image's folder", () => {
  test("the newest of a listed one is installed, once; a later start does nothing and takes no time", async () => {
    await offer(one, newer, needy);
    expect(await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.one" })).toMatchObject({
      code: 0,
      problems: [],
    });
    expect(await installed()).toEqual(["acme.one@1.10.0"]);

    const folder = "stat -c %Z /extensions/acme.one-1.10.0";
    const before = await workspace.sh(folder);
    const times: number[] = [];
    for (let again = 0; again < 5; again++)
      times.push((await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.one" })).took);
    expect(Math.min(...times)).toBeLessThan(300);
    expect(await workspace.sh(folder)).toBe(before);
  });

  test("a listed version that changes is changed, up and down", async () => {
    await offer(one, newer);
    await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.one@1.0.0" });
    expect(await installed()).toEqual(["acme.one@1.0.0"]);
    await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.one@1.10.0" });
    expect(await installed()).toEqual(["acme.one@1.10.0"]);
    await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.one@1.0.0" });
    expect(await installed()).toEqual(["acme.one@1.0.0"]);
  });

  test("an image with a newer file updates one that is listed without a version", async () => {
    await offer(one);
    await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.one" });
    await offer(newer);
    await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.one" });
    expect(await installed()).toEqual(["acme.one@1.10.0"]);
  });

  test("what left the list goes, and what a person installed stays", async () => {
    await offer(one);
    await workspace.sh(`${editor} --install-extension /test/${fileOf(own)}`);
    await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.one person.own" });
    expect(await installed()).toEqual(["acme.one@1.0.0", "person.own@0.1.0"]);
    await workspace.prepare({ WORKSPACE_EXTENSIONS: "" });
    expect(await installed()).toEqual(["person.own@0.1.0"]);
  });

  test("what left the list stays as long as another needs it", async () => {
    await offer(one, needy);
    await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.one acme.needy" });
    expect(await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.needy" })).toMatchObject({ problems: [] });
    expect(await installed()).toEqual(["acme.needy@2.0.0", "acme.one@1.0.0"]);
    await workspace.prepare({ WORKSPACE_EXTENSIONS: "" });
    expect(await installed()).toEqual([]);
  });

  test("one that a person removed comes back: the list says what is there", async () => {
    await offer(one);
    await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.one" });
    await workspace.sh(`${editor} --uninstall-extension acme.one`);
    await workspace.prepare({ WORKSPACE_EXTENSIONS: "acme.one" });
    expect(await installed()).toEqual(["acme.one@1.0.0"]);
  });

  test("each that fails is named with the reason, the others are installed", async () => {
    await offer(one);
    await workspace.sh(
      `cd /opt/workspace/extensions; echo no zip > acme.bad-1.0.0.vsix; cp /test/${fileOf(one)} acme.false-1.0.0.vsix`,
    );
    const WORKSPACE_EXTENSIONS = "acme.bad acme.false acme.missing acme.one acme.one@9.9.9";
    const { code, problems } = await workspace.prepare({
      WORKSPACE_EXTENSIONS: `${WORKSPACE_EXTENSIONS} acme.one`,
    });
    expect(code).toBe(0);
    expect(problems).toEqual([
      "extension acme.bad: the image's file is no VSIX file",
      "extension acme.false: the image's file of that name holds acme.one-1.0.0",
      "extension acme.missing: it is not among the image's extensions, and there is no gallery",
    ]);
    expect(await installed()).toEqual(["acme.one@1.0.0"]);
    expect((await workspace.prepare({ WORKSPACE_EXTENSIONS })).problems.at(-1)).toBe(
      "extension acme.one: 9.9.9 is not among the image's extensions, which has 1.0.0, and there is no gallery",
    );
  });

  test.each(["../../tmp/x", "--help", "acme.one@1;id", "acme.one@../x", "acme", "acme.one.two", "-a.b"])(
    "%s is no extension's name, and nothing is run with it",
    async (name) => {
      expect((await workspace.prepare({ WORKSPACE_EXTENSIONS: name })).problems).toEqual([
        `extension ${name}: not publisher.name or publisher.name@1.2.3`,
      ]);
      expect(await workspace.sh("cat /tmp/prepare.log")).not.toContain("nstalling");
    },
  );
});

describe("from the gallery", () => {
  afterEach(async () => {
    await workspace.sh("kill $(cat /tmp/gallery.pid)");
  });

  test("a listed one comes with what it needs, and both go when it left the list", async () => {
    await publish(one, newer, needy);
    const listed = { EXTENSIONS_GALLERY: gallery, WORKSPACE_EXTENSIONS: "acme.needy" };
    expect(await workspace.prepare(listed)).toMatchObject({ code: 0, problems: [] });
    expect(await installed()).toEqual(["acme.needy@2.0.0", "acme.one@1.10.0"]);
    await workspace.prepare({ EXTENSIONS_GALLERY: gallery });
    expect(await installed()).toEqual([]);
  });

  test("a listed version is that version, and the gallery is asked once", async () => {
    await publish(one, newer);
    const listed = { EXTENSIONS_GALLERY: gallery, WORKSPACE_EXTENSIONS: "acme.one@1.0.0" };
    await workspace.prepare(listed);
    expect(await installed()).toEqual(["acme.one@1.0.0"]);
    const asked = await workspace.sh("cat /tmp/gallery/log");
    expect(asked).toContain("/files/acme.one-1.0.0/");
    await workspace.prepare(listed);
    expect(await workspace.sh("cat /tmp/gallery/log")).toBe(asked);
  });

  test("the image's own file is taken first", async () => {
    await publish(newer);
    await offer(one);
    await workspace.prepare({ EXTENSIONS_GALLERY: gallery, WORKSPACE_EXTENSIONS: "acme.one" });
    expect(await installed()).toEqual(["acme.one@1.0.0"]);
  });

  test("one that it does not have, or whose file is broken, is named", async () => {
    await publish(one);
    await workspace.sh("echo no zip > /tmp/gallery/acme.bad-1.0.0.vsix");
    const WORKSPACE_EXTENSIONS = "acme.nowhere acme.one@3.0.0 acme.bad";
    expect((await workspace.prepare({ EXTENSIONS_GALLERY: gallery, WORKSPACE_EXTENSIONS })).problems).toEqual(
      [
        "extension acme.nowhere: no such extension in the gallery",
        "extension acme.one: no such extension in the gallery with version 3.0.0",
        expect.stringMatching(/^extension acme\.bad: /),
      ],
    );
  });
});

test("a gallery that is off is said, the editor's own list is untouched, and the next start tries again", async () => {
  const listed = { EXTENSIONS_GALLERY: gallery, WORKSPACE_EXTENSIONS: "acme.one" };
  expect((await workspace.prepare(listed)).problems).toEqual([
    "extension acme.one: connect ECONNREFUSED 127.0.0.1:9000",
  ]);
  expect(await installed()).toEqual([]);
  await publish(one);
  expect((await workspace.prepare(listed)).problems).toEqual([]);
  expect(await installed()).toEqual(["acme.one@1.0.0"]);
  await workspace.sh("kill $(cat /tmp/gallery.pid)");
});

test("without a gallery of the stack's the editor has none, and asks no public one", async () => {
  expect(await workspace.sh(`${editor} --install-extension acme.one`)).toContain(
    "No extension gallery service configured",
  );
});
