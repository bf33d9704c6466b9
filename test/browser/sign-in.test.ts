import type { Page } from "playwright-core";

import { greeting, startServer } from "../platform/dev-server";
import { deployAuthelia, type Guarded } from "../platform/sign-in";
import { totp } from "../sign-in/totp";
import { person, type Person } from "./chromium";
import { openWorkbench, picture } from "./workbench";

jest.setTimeout(180_000);

let platform: Guarded;
let browser: Person;
let page: Page;
let key: string;

const heading = (name: string) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor();

async function typePassword(): Promise<void> {
  await heading("Sign in");
  await page.getByLabel("Name").fill("alice");
  await page.getByLabel("Password").fill(platform.password("alice"));
  await page.getByRole("button", { name: "Continue" }).click();
}

const hosts = (...labels: string[]) => labels.map((label) => `https://${label}.${platform.domain}/`);

beforeAll(async () => {
  platform = await deployAuthelia({
    users: [
      { name: "alice", groups: ["developers"] },
      { name: "bob", size: "small" },
    ],
  });
  startServer("alice", 3000);
  const { door, domain } = platform;
  browser = await person({ door, domain });
  page = await browser.context.newPage();
}, 600_000);
afterAll(() => browser.close());

test("the password alone opens nothing", async () => {
  const [alice = ""] = hosts("alice");
  await page.goto(alice);
  await typePassword();
  await heading("Set up your second step");
  await page.goto(alice);
  await heading("Set up your second step");
});

test("password and digits open one's own editor, which works", async () => {
  await page.getByRole("button", { name: "Send the link" }).click();
  await heading("Look for a message");
  const link = /https:\S+token=\S+/.exec(await platform.portal.notification())?.[0] ?? "no link";
  await page.goto(link);
  await heading("Set up your authenticator");
  await page.getByText("It cannot scan").click();
  key = (await page.locator("#key").innerText()).replaceAll(" ", "");
  await page.getByLabel("six digits").pressSequentially(totp(key));
  // Back to where she came from.
  const isEditor = (url: URL) => url.hostname === `alice.${platform.domain}`;
  await page.waitForURL(isEditor, { timeout: 30_000 });
  await openWorkbench(page, platform.url("alice"));
  await picture(page, "behind-two-factors");
});

test("and one's own forwarded port, without signing in again", async () => {
  const [port = ""] = hosts("3000--alice");
  await page.goto(port);
  await page.getByRole("heading", { name: greeting }).waitFor();
});

test("and neither the neighbour's editor nor the neighbour's ports", async () => {
  for (const host of hosts("bob", "3000--bob")) {
    const answer = await page.goto(host);
    expect([host, answer?.status()]).toEqual([host, 403]);
  }
});

test("signing out closes them, and another sign-in asks for both factors again", async () => {
  const [portal = "", alice = ""] = hosts("auth", "alice");
  await page.goto(portal);
  await heading("Signed in");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto(alice);
  await typePassword();
  await heading("Second step");
  // Digits are good once, and those of the next half minute are good already.
  await page.getByLabel("six digits").pressSequentially(totp(key, Date.now() + 30_000));
  await page.waitForURL((url) => url.origin === new URL(alice).origin, { timeout: 30_000 });
});
