import type { Locator, Page } from "playwright-core";

import { deploy, up, type Deployed } from "../platform/deploy";
import { greeting, startServer } from "../platform/dev-server";
import { person, type Person } from "./chromium";

let platform: Deployed;
const people: Person[] = [];

beforeAll(async () => {
  platform = await deploy({ users: ["alice", "bob"] });
}, 600_000);

afterAll(async () => {
  await Promise.all(people.map((browser) => browser.close()));
});

async function pageOf(user: string): Promise<Page> {
  const { door, domain } = platform;
  const credentials = { username: user, password: platform.password(user) };
  const browser = await person({ door, domain, credentials });
  people.push(browser);
  return browser.context.newPage();
}

/** Keeps a picture of the page, where somebody wants one. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["VIBECODE_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}

/** Chooses a command of the editor. Keys that come before the workbench listens are lost, and typed again. */
async function command(page: Page, words: string): Promise<void> {
  const chosen = async () => {
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input").first().fill(`>${words}`, { timeout: 5000 });
    const row = page.locator(".quick-input-list .monaco-list-row", { hasText: words }).first();
    await row.click({ timeout: 5000 });
    return true;
  };
  for (let tries = 1; !(await chosen().catch(() => false)); tries += 1) {
    if (tries === 10) throw new Error("the editor takes no command");
    await page.keyboard.press("Escape");
  }
}

/** Starts programs until the Ports view lists one: what listened before the editor first looked is no news to it. */
async function found(page: Page): Promise<{ address: string; row: Locator }> {
  const first = 20_000 + (Date.now() % 10_000);
  for (let port = first; port < first + 8; port += 1) {
    startServer("alice", port);
    const address = `https://${port}--alice.test.localhost/`;
    const row = page.getByRole("listitem", { name: `forwarded to local address ${address}.` });
    const listed = row.waitFor({ timeout: 10_000 }).then(
      () => true,
      () => false,
    );
    if (await listed) return { address, row };
  }
  throw new Error("the Ports view lists no program");
}

test("the Ports view finds a program that was just started, and opens it at its own address", async () => {
  const page = await pageOf("alice");
  await page.goto(platform.url("alice"), { waitUntil: "domcontentloaded", timeout: 60_000 });
  await page.locator(".monaco-workbench .explorer-folders-view").waitFor({ timeout: 90_000 });
  await command(page, "Focus on Ports View");

  const { address, row } = await found(page);
  await picture(page, "ports");

  const opened = page.context().waitForEvent("page");
  await row.hover();
  await row.getByRole("button", { name: "Open in Browser" }).click();
  const tab = await opened;
  await tab.getByRole("heading", { name: greeting }).waitFor({ timeout: 30_000 });
  expect(tab.url()).toBe(address);
  await picture(tab, "forwarded");

  const heard = await tab.evaluate<unknown>(`new Promise((resolve, reject) => {
    const socket = new WebSocket("wss://" + location.host);
    socket.onopen = () => socket.send("a browser");
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new Error("no WebSocket"));
  })`);
  expect(heard).toBe("heard a browser");
}, 240_000);

test("the owner of a stopped workspace sees a page that says so, and the editor again once it is started", async () => {
  await up({ users: ["alice", { name: "bob", state: "stopped" }] });
  const page = await pageOf("bob");
  const visit = () => page.goto(platform.url("bob"), { waitUntil: "domcontentloaded", timeout: 60_000 });
  expect((await visit())?.status()).toBe(503);
  await page.getByRole("heading", { level: 1, name: "This workspace is stopped" }).waitFor();
  await page.getByText("Its files are kept.").waitFor();
  expect(await page.title()).toBe("This workspace is stopped");
  // The style is in the page itself, which allows nothing else.
  expect(await page.evaluate<unknown>(`getComputedStyle(document.body).maxWidth`)).toBe("512px");
  await picture(page, "stopped");

  await deploy({ users: ["alice", "bob"] });
  await visit();
  await page.locator(".monaco-workbench .explorer-folders-view").waitFor({ timeout: 90_000 });
}, 400_000);
