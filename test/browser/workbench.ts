import type { Page } from "playwright-core";

/** Opens the editor at its address, and waits until its files are listed. */
export async function openWorkbench(page: Page, url: string): Promise<void> {
  const visit = () => page.goto(url, { waitUntil: "domcontentloaded", timeout: 60_000 });
  // Chromium drops what it loads whenever the machine gets or loses a network interface.
  await visit().catch((error: unknown) => {
    if (!String(error).includes("ERR_NETWORK_CHANGED")) throw error;
    return visit();
  });
  await page.locator(".monaco-workbench .explorer-folders-view").waitFor({ timeout: 90_000 });
}

/** Opens a file of the home, and puts the cursor behind its end. */
export async function openFile(page: Page, name: string): Promise<void> {
  // Keys that come before the workbench listens are lost, so a person types them again.
  const input = page.locator(".quick-input-widget input");
  for (let tries = 1; ; tries++) {
    await page.keyboard.press("Control+P");
    const isOpen = await input.waitFor({ timeout: 2000 }).then(
      () => true,
      () => false,
    );
    if (isOpen) break;
    if (tries === 10) throw new Error("the editor opens no file");
  }
  await input.fill(name);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.locator(`.tab[data-resource-name="${name}"]`).waitFor();
  await page.locator(".editor-instance .view-line").first().click();
  await page.keyboard.press("Control+End");
}

/** Keeps a picture of the page in the folder VIBECODE_SCREENSHOTS, where somebody wants one. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["VIBECODE_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}
