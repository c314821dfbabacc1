// Talks with a coach on the server's page in a real browser.
//
//     node page.mjs BASE_URL OUT_DIR
//
// Sends one message, waits for the whole reply, loads the page again. Writes before.png and after.png to
// OUT_DIR and prints one JSON line, {ok, first, final, afterReload}: `first` is the reply's text when it
// was first seen, `final` and `afterReload` the transcript. Ends with 0 when the reply grew before the
// eyes of the reader and the transcript is the same after the reload, else with 1.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { launch, settled, transcript } from "./browser.mjs";

const [base, out] = process.argv.slice(2);
if (!base || !out) {
  console.error("usage: node page.mjs BASE_URL OUT_DIR");
  process.exit(1);
}
const question = "How should I warm up for squats?";

const result = { ok: false, first: "", final: "", afterReload: "" };
const complaints = [];
mkdirSync(out, { recursive: true });
const browser = await launch();

try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  page.on("pageerror", (error) => complaints.push(`error in the page: ${error.message}`));
  await page.goto(new URL("/", base).href);
  await settled(page, 0);
  if (!(await page.locator("#rehearsal").isVisible())) complaints.push("it is not said that a rehearsal does not think");

  // Every length that the reply has had while it was streamed, as a reader would have seen it.
  await page.evaluate(() => {
    window.seen = [];
    const look = () => {
      const text = [...document.querySelectorAll("article[data-role=assistant]:last-of-type [data-part=reply]")]
        .map((part) => part.textContent)
        .join("");
      const streaming = document.body.dataset.state === "streaming";
      if (streaming && text && window.seen.at(-1) !== text) window.seen.push(text);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  });

  await page.fill("#text", question);
  await page.press("#text", "Enter");
  await settled(page, 2);
  const seen = await page.evaluate(() => window.seen);
  result.first = seen.at(0) ?? "";
  result.final = await transcript(page);
  await page.screenshot({ path: join(out, "before.png") });

  await page.reload();
  await settled(page, 2);
  result.afterReload = await transcript(page);
  await page.screenshot({ path: join(out, "after.png") });

  const lengths = new Set(seen.map((text) => text.length));
  if (!result.final.includes(question)) complaints.push("the question is not shown");
  if (lengths.size < 2) complaints.push(`the reply did not grow: ${lengths.size} length(s) seen`);
  if (!result.final.includes(result.first)) complaints.push("the first text is not in the final one");
  if (result.final !== result.afterReload) complaints.push("another text is shown after the reload");
} catch (error) {
  complaints.push(error.message);
} finally {
  await browser.close();
}

for (const complaint of complaints) console.error(complaint);
result.ok = complaints.length === 0;
console.log(JSON.stringify(result));
process.exitCode = result.ok ? 0 : 1;
