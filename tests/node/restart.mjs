// Goes on talking on the server's page, in a real browser, after a server without a lasting store was restarted.
//
//     node restart.mjs BASE_URL OUT_DIR
//
// Sends one message in a conversation of its own, prints a line, and waits for one: the server is to be restarted
// meanwhile. Sends another message, then opens the page anew at an address that the server has forgotten. Writes
// restarted.png and reopened.png to OUT_DIR and prints one JSON line, {ok, restarted, reopened}: what the page then
// says. Ends with 0 when the second message was answered, and when the page said each time that it had begun anew.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { launch, settled, transcript } from "./browser.mjs";

const [base, out] = process.argv.slice(2);
if (!base || !out) {
  console.error("usage: node restart.mjs BASE_URL OUT_DIR");
  process.exit(1);
}
const input = createInterface({ input: process.stdin });
const said = ["How should I warm up for squats?", "And for deadlifts?"];

const result = { ok: false, restarted: "", reopened: "" };
const complaints = [];
mkdirSync(out, { recursive: true });
const browser = await launch();

try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  page.on("pageerror", (error) => complaints.push(`error in the page: ${error.message}`));
  await page.goto(new URL("/", base).href);
  await settled(page, 0);
  await page.fill("#text", said[0]);
  await page.press("#text", "Enter");
  await settled(page, 2);
  const forgotten = page.url();

  const restarted = new Promise((done) => input.once("line", done));
  console.log("restart the server, and send a line");
  await restarted;

  await page.fill("#text", said[1]);
  await page.press("#text", "Enter");
  await settled(page, 2);
  result.restarted = await gone(page);
  const shown = await transcript(page);
  await page.screenshot({ path: join(out, "restarted.png") });
  if (!shown.includes(said[1])) complaints.push("what was said is not shown");
  if (shown.includes(said[0])) complaints.push("what the server has forgotten is still shown");
  if (page.url() === forgotten) complaints.push("the address is that of the forgotten conversation");

  const other = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  await other.goto(forgotten);
  await settled(other, 0);
  result.reopened = await gone(other);
  await other.screenshot({ path: join(out, "reopened.png") });
  await other.fill("#text", said[1]);
  await other.press("#text", "Enter");
  await settled(other, 2);
} catch (error) {
  complaints.push(error.message);
} finally {
  await browser.close();
  input.close();
}

for (const complaint of complaints) console.error(complaint);
result.ok = complaints.length === 0;
console.log(JSON.stringify(result));
process.exitCode = result.ok ? 0 : 1;

// What the page says about a conversation that is gone.
async function gone(page) {
  return page.locator(".gone").innerText({ timeout: 1_000 });
}
