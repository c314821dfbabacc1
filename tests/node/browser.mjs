// The server's page in a real browser, for scripts that talk with a coach on it.

import { chromium } from "playwright-core";

// Starts a browser without a window.
export function launch() {
  return chromium.launch({
    executablePath: process.env.COACH_CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

// Waits until nothing is under way and at least so many messages are shown, or the page reports a failure.
export async function settled(page, messages) {
  const settled = await page.waitForFunction(
    (messages) => {
      const notice = document.querySelector("#notice[data-bad]")?.textContent;
      const shown = document.querySelectorAll("article[data-role]").length;
      return notice || (document.body.dataset.state === "idle" && shown >= messages && "yes");
    },
    messages,
    { timeout: 30_000 },
  );
  const answer = await settled.jsonValue();
  if (answer !== "yes") throw new Error(`the page says: ${answer}`);
}

// Who said what: the parts of every message, without notes and labels.
export async function transcript(page) {
  return page.$$eval("article[data-role]", (messages) =>
    messages
      .map((message) => {
        const parts = [...message.querySelectorAll("[data-part]")].map((part) => part.textContent);
        return `${message.dataset.role}: ${parts.join("\n")}`;
      })
      .join("\n"),
  );
}
