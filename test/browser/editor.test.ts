import type { Page, WebSocket } from "playwright-core";

import { ask, reachable } from "../../local/door";
import { deploy, type Deployed } from "../platform/deploy";
import { inWorkspace, kubectl } from "../platform/kubectl";
import { person, type Person } from "./chromium";

let platform: Deployed;
let alice: Person;
let page: Page;
const sockets: WebSocket[] = [];

beforeAll(async () => {
  platform = await deploy({ users: ["alice", "bob"] });
  alice = await person({
    door: platform.door,
    domain: platform.domain,
    credentials: { username: "alice", password: platform.password("alice") },
  });
  page = await alice.context.newPage();
  page.on("websocket", (socket) => sockets.push(socket));
}, 600_000);

afterAll(async () => {
  await (alice as Person | undefined)?.close();
});

/** Keeps a picture of the page, where somebody wants one. */
async function picture(name: string): Promise<void> {
  const folder = process.env["VIBECODE_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}

const file = `notes-${Date.now()}.txt`;

/** Repeats until it does not throw, for 20 s. */
async function eventually(attempt: () => void | Promise<void>): Promise<void> {
  const end = Date.now() + 20_000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await page.waitForTimeout(250);
    }
  }
}

async function openEditor(): Promise<void> {
  await page.goto(platform.url("alice"), { waitUntil: "domcontentloaded", timeout: 60_000 });
  const explorer = page.locator(".monaco-workbench .explorer-folders-view");
  await explorer.waitFor({ timeout: 90_000 }).catch(async (error: unknown) => {
    await picture("failed");
    throw error;
  });
}

async function openFile(name: string): Promise<void> {
  // Keys that come before the workbench listens are lost, so a person types them again.
  const input = page.locator(".quick-input-widget input");
  await eventually(async () => {
    await page.keyboard.press("Control+P");
    await input.waitFor({ timeout: 2000 });
  });
  await input.fill(name);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.locator(`.tab[data-resource-name="${name}"]`).waitFor();
  await page.locator(".editor-instance .view-line", { hasText: "first line" }).click();
}

test("alice signs in through TLS, edits a file in the workbench, and the pod has it", async () => {
  inWorkspace("alice", `printf 'first line\\n' > ${file}`);
  await openEditor();
  await openFile(file);
  await page.keyboard.press("Control+End");
  await page.keyboard.type("typed in a browser");
  await page.locator(".editor-instance .view-line", { hasText: "typed in a browser" }).waitFor();
  await page.keyboard.press("Control+S");
  await eventually(() => {
    expect(inWorkspace("alice", `cat ${file}`)).toBe("first line\ntyped in a browser");
  });
  await picture("editor");
}, 240_000);

test("a WebSocket of the editor stays open for more than a minute", async () => {
  const open = sockets.filter((socket) => !socket.isClosed());
  expect(open.length).toBeGreaterThan(0);
  await page.waitForTimeout(65_000);
  expect(open.filter((socket) => socket.isClosed())).toEqual([]);
}, 120_000);

test("what was saved outlives the pod, and the browser comes back to it", async () => {
  kubectl("-n", "ws-alice", "delete", "pod", "-l", "app=editor", "--wait=true");
  kubectl("-n", "ws-alice", "rollout", "status", "deployment/editor", "--timeout=120s");
  expect(inWorkspace("alice", `cat ${file}`)).toBe("first line\ntyped in a browser");
  const asAlice = `alice:${platform.password("alice")}`;
  await reachable(platform.door, [{ host: `alice.${platform.domain}`, credentials: asAlice }], 30);
  await openEditor();
  await openFile(file);
  await page.getByText("typed in a browser").first().waitFor();
}, 240_000);

test("only the owner's password opens a workspace", async () => {
  const status = async (host: string, credentials?: string) =>
    (await ask(platform.door, `${host}.${platform.domain}`, "/healthz", credentials))?.status;
  const as = (user: string) => `${user}:${platform.password(user)}`;
  expect(await status("alice", as("alice"))).toBe(200);
  expect(await status("bob", as("bob"))).toBe(200);
  expect(await status("alice", as("bob"))).toBe(401);
  expect(await status("bob", as("alice"))).toBe(401);
  expect(await status("alice", `bob:${platform.password("alice")}`)).toBe(401);
  expect(await status("alice", "alice:wrong")).toBe(401);
  expect(await status("alice")).toBe(401);
}, 60_000);

test("without a password a browser is shown nothing of the editor", async () => {
  const stranger = await person({ door: platform.door, domain: platform.domain });
  try {
    const visited = await stranger.context.newPage();
    const answers: string[] = [];
    visited.on("response", (response) => answers.push(`${response.status()} ${response.url()}`));
    // Without a window there is no dialog for the password, and Chromium ends the visit as an error of its own.
    await visited.goto(platform.url("alice")).catch(() => undefined);
    expect(answers).toEqual([`401 ${platform.url("alice")}/`]);
    expect(await visited.locator(".monaco-workbench").count()).toBe(0);
  } finally {
    await stranger.close();
  }
}, 60_000);
