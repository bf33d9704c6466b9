import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import type { Page } from "playwright-core";

import { authelia, type Authelia } from "../sign-in/authelia";
import { front, type Front } from "../sign-in/front";
import { mounted, password } from "../sign-in/stack";
import { totp } from "../sign-in/totp";
import { person, type Person } from "./chromium";

const domain = "dev.test.localhost";
const portal = `https://auth.${domain}`;
const alice = `https://alice.${domain}/some/place?line=3`;
const root = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-sign-in-page-"));

let one: Authelia;
let traefik: Front;
const people: Person[] = [];

jest.setTimeout(180_000);

beforeAll(async () => {
  const regulation = { retries: 3, within: "10m", ban: "12h" };
  const folder = fs.mkdtempSync(path.join(root, "authelia-"));
  const said = { regulation, session: { rememberMe: "30d" } };
  one = await authelia({ folder, ...(await mounted(domain, 443, said)) });
  traefik = await front({ folder: fs.mkdtempSync(path.join(root, "front-")), domain, authelia: one.port });
});

afterAll(async () => {
  await Promise.all(people.map((browser) => browser.close()));
  await traefik.stop();
  await one.stop();
  fs.rmSync(root, { recursive: true, force: true });
});

/** Somebody with a new browser, whose pages say nothing to the console that is wrong. */
async function visitor(): Promise<{ page: Page; wrong: string[]; browser: Person }> {
  const browser = await person({ door: traefik.door, domain });
  people.push(browser);
  const page = await browser.context.newPage();
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (line) => {
    // What Authelia refuses is told to the console besides, by the browser itself.
    if (line.type() === "error" && !line.text().startsWith("Failed to load resource"))
      wrong.push(line.text());
  });
  return { page, wrong, browser };
}

/** Keeps a picture of the page, where somebody wants one: in light and dark, wide and narrow. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["VIBECODE_SCREENSHOTS"];
  if (folder === undefined) return;
  for (const [suffix, width, colorScheme] of [
    ["light", 800, "light"],
    ["dark", 340, "dark"],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 760 });
    await page.screenshot({ path: `${folder}/sign-in-${name}-${suffix}.png` });
  }
}

async function typePassword(page: Page, name: string, secret: string): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(secret);
  await page.getByRole("button", { name: "Continue" }).click();
}

const heading = (page: Page, name: string) =>
  page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
const link = async () => /https:\S+token=\S+/.exec(await one.notification())?.[0] ?? "no link";
const waitForPlace = (page: Page, place: string) => page.waitForURL(place, { timeout: 15_000 });

let key = "";

test("a person sets an authenticator up, and gets where they wanted", async () => {
  const { page, wrong, browser } = await visitor();
  await page.goto(alice);
  await heading(page, "Sign in");
  expect(page.url()).toContain(`${portal}/?rd=`);
  expect(await page.evaluate("document.activeElement.id")).toBe("name");
  await picture(page, "1-password");

  await typePassword(page, "alice", "wrong");
  await page.getByRole("alert").getByText("Name or password is wrong.").waitFor();
  expect(await page.getByLabel("Password").inputValue()).toBe("");
  expect(await page.evaluate("document.activeElement.id")).toBe("password");
  await picture(page, "2-wrong");

  await typePassword(page, "alice", password);
  await heading(page, "Set up your second step");
  await picture(page, "3-ask");
  // The password alone opens nothing.
  const other = await browser.context.newPage();
  await other.goto(alice);
  await heading(other, "Set up your second step");
  await other.close();

  await page.getByRole("button", { name: "Send the link" }).click();
  await heading(page, "Look for a message");
  await page.getByText("make message").waitFor();
  await picture(page, "4-sent");

  // As somebody does who reads the message elsewhere in the same browser.
  const second = await browser.context.newPage();
  await second.goto(await link());
  await heading(second, "Set up your authenticator");
  expect(second.url()).toBe(`${portal}/`);
  await picture(second, "5-code");
  await second.getByText("It cannot scan").click();
  key = (await second.locator("#key").innerText()).replaceAll(" ", "");
  expect(key).toMatch(/^[A-Z2-7]{32,}$/);
  await picture(second, "6-key");

  await second.getByLabel("six digits").pressSequentially("000000");
  await second.getByRole("alert").getByText("These digits are wrong").waitFor();
  await second.getByLabel("six digits").pressSequentially(totp(key));
  await waitForPlace(second, alice);
  await second.getByRole("heading", { name: "Editor of alice" }).waitFor();
  expect(wrong).toEqual([]);
});

test("the link is good once", async () => {
  const { page } = await visitor();
  await page.goto(await link());
  await page.getByText("Sign in first, then the link is used.").waitFor();
  await typePassword(page, "alice", password);
  await page.getByRole("alert").getByText("That link was used already").waitFor();
});

test("a person with an authenticator signs in with its digits, and out again", async () => {
  const { page, wrong } = await visitor();
  await page.goto(portal);
  await typePassword(page, "alice", password);
  await heading(page, "Second step");
  await picture(page, "7-digits");
  await page.getByLabel("six digits").pressSequentially(totp(key, Date.now() + 30_000));
  await heading(page, "Signed in");
  await page.getByText("You are signed in as Alice Doe (alice).").waitFor();
  await picture(page, "8-home");

  await page.getByRole("link", { name: "Open your workspace" }).click();
  await waitForPlace(page, `https://alice.${domain}/`);
  // The neighbour's is not there, and there is no way round by the page.
  expect((await page.goto(`https://bob.${domain}/`))?.status()).toBe(403);

  await page.goto(portal);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  await picture(page, "9-out");
  await page.goto(alice);
  await heading(page, "Sign in");
  expect(wrong).toEqual([]);
});

test("who is signed in goes where they wanted at once, and nowhere else", async () => {
  const { page } = await visitor();
  await page.goto(portal);
  await typePassword(page, "alice", password);
  await heading(page, "Second step");
  await page.getByLabel("six digits").pressSequentially(totp(key));
  await heading(page, "Signed in");

  await page.goto(`${portal}/?rd=${encodeURIComponent(alice)}`);
  await waitForPlace(page, alice);
  for (const elsewhere of [
    "https://example.org/",
    `https://example.org/.${domain}`,
    `https://example.org\\.${domain}/`,
    `https://alice.${domain}@example.org/`,
    `https://x@alice.${domain}/`,
    `https://evil${domain}/`,
    `https://alice.${domain}.example.org/`,
    `http://alice.${domain}/`,
    `//alice.${domain}/`,
    "javascript:alert(1)",
    "data:text/html,x",
    "/sign-in/page.js",
    `${portal}/`,
    "",
  ]) {
    await page.goto(`${portal}/?rd=${encodeURIComponent(elsewhere)}`);
    await heading(page, "Signed in");
    expect([elsewhere, new URL(page.url()).origin]).toEqual([elsewhere, portal]);
  }
  await page.goto(`${portal}/logout`);
  await page.getByText("You are signed out.").waitFor();
});

test("a session that ended while somebody typed is told", async () => {
  const { page, browser } = await visitor();
  await page.goto(portal);
  await typePassword(page, "alice", password);
  await heading(page, "Second step");
  await browser.context.clearCookies();
  await page.getByLabel("six digits").pressSequentially("123456");
  await page.getByRole("alert").getByText("Your session has ended. Sign in again.").waitFor();
  await heading(page, "Sign in");
});

test("a name that is locked is told so, also with the right password", async () => {
  const { page } = await visitor();
  await page.goto(portal);
  for (const secret of ["wrong", "wrong", "wrong", password]) {
    await typePassword(page, "bob", secret);
    await page.getByRole("alert").getByText("Name or password is wrong.").waitFor();
    await page.getByLabel("Password").and(page.locator(":focus")).waitFor();
  }
  await page.getByRole("alert").getByText("is locked, also for the right password").waitFor();
  await picture(page, "10-locked");
});

test("sign-in that is away is told, and comes back", async () => {
  const { page } = await visitor();
  await page.goto(portal);
  await heading(page, "Sign in");
  await one.stop();
  await typePassword(page, "alice", password);
  await heading(page, "Sign-in does not answer");
  await picture(page, "11-away");
  await one.restart();
  await page.getByRole("button", { name: "Try again" }).click();
  await heading(page, "Sign in");
});
