import type { Page } from "playwright-core";

import { reachable } from "../../local/door";
import { eventually } from "../cluster/eventually";
import { deploy, type Deployed } from "../platform/deploy";
import { inWorkspace, kubectl } from "../platform/kubectl";
import { person, type Person } from "./chromium";
import { openFile, openWorkbench, picture } from "./workbench";

// Somebody with a home of her own size, since alice's and bob's, which other tests made larger, never shrink.
const user = "fiona";
// A full disk has some hundred kilobytes again a moment later: XFS gives back what it had set aside.
const line = "more than the few blocks that a full disk still has";
const lines = 16_384;
const size = lines * (line.length + 1);

let platform: Deployed;
const people: Person[] = [];

beforeAll(async () => {
  platform = await deploy({ users: [{ name: user, home: "400Mi" }, "bob"] });
  inWorkspace(user, "rm -f filler *.txt; echo 'first line' > one.txt; echo 'first line' > two.txt");
  inWorkspace("bob", "rm -f *.txt; echo 'first line' > bobs.txt");
}, 600_000);

afterAll(async () => {
  inWorkspace(user, "rm -f filler");
  await Promise.all(people.map((browser) => browser.close()));
});

/** A new window of a browser of the user's own. */
async function windowOf(name: string): Promise<Page> {
  const { door, domain } = platform;
  const browser = await person({
    door,
    domain,
    credentials: { username: name, password: platform.password(name) },
  });
  people.push(browser);
  const page = await browser.context.newPage();
  await openWorkbench(page, platform.url(name));
  return page;
}

/** Opens a file and writes more at its end than a full disk could take; the editor saves by itself a second later. */
async function edit(page: Page, file: string): Promise<void> {
  await openFile(page, file);
  await page.keyboard.insertText(`${line}\n`);
  // Typed or pasted at once so much would take the editor half a minute.
  for (let written = 1; written < lines; written *= 2) {
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Control+Shift+Alt+ArrowDown");
  }
}

const bytes = (of: string, file: string): number => Number(inWorkspace(of, `stat -c %s ${file}`));
const free = (): number => Number(inWorkspace(user, "df --block-size=1 --output=avail . | tail -n 1"));

/**
 * Writes until nothing goes in any more: large pieces first, then what is left of the smallest ones. And again, for XFS
 * sets more aside for a growing file than it gets, and gives that back a moment later.
 */
function fill(): void {
  const once = "for size in 1M 4k; do dd if=/dev/zero bs=$size >> filler 2>/dev/null; done";
  inWorkspace(user, `for turn in 1 2 3; do ${once}; sync filler; sleep 1; done; true`);
}

const complaint = (page: Page, words: string) =>
  page.locator(".notification-toast", { hasText: words }).first();
const full = "ENOSPC: no space left on device";

/** Saves until the editor says that it cannot: while it is busy with what was written, it may miss the keys. */
const failToSave = (page: Page) =>
  eventually(async () => {
    await page.keyboard.press("Control+S");
    await complaint(page, full).waitFor({ timeout: 20_000 });
  }, 60);

/** Waits until a file has all that was typed. */
async function saved(page: Page, of: string, file: string): Promise<void> {
  for (let tries = 1; bytes(of, file) < size; tries++) {
    if (tries === 40) throw new Error(`${file} is not saved`);
    await page.waitForTimeout(500);
  }
}

/**
 * By the message's own button, or anew where the message has gone meanwhile. The attempt that failed has emptied the
 * file, so the editor may ask whether to overwrite what is there now.
 */
async function saveAgain(page: Page, file: string): Promise<void> {
  const retry = complaint(page, full).getByRole("button", { name: "Retry" });
  await retry.click({ timeout: 5000 }).catch(() => page.keyboard.press("Control+S"));
  const overwrite = complaint(page, "content of the file is newer").getByRole("button", {
    name: "Overwrite",
  });
  await Promise.race([overwrite.click(), saved(page, user, file)]);
  await saved(page, user, file);
}

let page: Page;

test("with a full home the editor says that there is no space left, and keeps what was typed", async () => {
  page = await windowOf(user);
  fill();
  expect(free()).toBeLessThan(size);
  await edit(page, "one.txt");
  await failToSave(page);
  await picture(page, "full-disk");
  expect(bytes(user, "one.txt")).toBeLessThan(size);
  await page.locator('.tab.dirty[data-resource-name="one.txt"]').waitFor({ timeout: 5000 });
}, 240_000);

test("the neighbour saves as ever", async () => {
  const bobs = await windowOf("bob");
  await edit(bobs, "bobs.txt");
  await bobs.keyboard.press("Control+S");
  await saved(bobs, "bob", "bobs.txt");
  expect(free()).toBeLessThan(size);
}, 180_000);

test("when there is room again she saves what was kept", async () => {
  inWorkspace(user, "rm -f filler");
  await saveAgain(page, "one.txt");
  expect(inWorkspace(user, `grep -c "${line}" one.txt`)).toBe(`${lines}\n`);
  await page.close({ runBeforeUnload: false });
}, 120_000);

test("with a full home the editor opens in a new pod, says so again, and saves when there is room", async () => {
  fill();
  kubectl("-n", `ws-${user}`, "delete", "pod", "-l", "app=editor", "--wait=true");
  kubectl("-n", `ws-${user}`, "rollout", "status", "deployment/editor", "--timeout=120s");
  const credentials = `${user}:${platform.password(user)}`;
  await reachable(platform.door, [{ host: `${user}.${platform.domain}`, credentials }], 60);
  expect(free()).toBeLessThan(size);
  page = await windowOf(user);
  fill();
  await edit(page, "two.txt");
  await failToSave(page);
  await picture(page, "full-disk-new-pod");
  inWorkspace(user, "rm -f filler");
  await saveAgain(page, "two.txt");
}, 300_000);
