// Drives a real VS Code workbench for tests/bench/editors.py: types, and has the page itself note when ghost text came.
// Environment: WORKBENCH (address), FILE (to open), PLACES (JSON: [line, [piece, ...]]), KEY_MS, PAUSE_MS.
import { chromium } from 'playwright-core';

const { WORKBENCH, FILE } = process.env;
const [KEY_MS, PAUSE_MS] = [Number(process.env.KEY_MS), Number(process.env.PAUSE_MS)];
const places = JSON.parse(process.env.PLACES);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium', headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const page = await (await browser.newContext({ viewport: { width: 1100, height: 480 } })).newPage();
await page.addInitScript(() => {
  window.events = []; // [milliseconds, what, text]; ghost text is noted in the frame that paints it
  let shown = '';
  addEventListener('keydown', (event) => window.events.push([performance.now(), 'key', event.key]), true);
  const look = () => {
    const found = [...document.querySelectorAll('.monaco-editor [class*="ghost-text"]')];
    const text = found.map((element) => element.textContent).join('');
    if (text === shown) return;
    shown = text;
    requestAnimationFrame((now) => window.events.push([Math.max(now, performance.now()), 'ghost', text]));
  };
  addEventListener('DOMContentLoaded', () =>
    new MutationObserver(look).observe(document.documentElement, { subtree: true, childList: true, characterData: true }));
});
const now = () => page.evaluate(() => performance.now());
const events = () => page.evaluate(() => window.events);
const goTo = async (line) => {
  await page.keyboard.press('Control+g');
  await page.keyboard.type(`:${line}`);
  await page.keyboard.press('Enter');
};

const began = Date.now();
await page.goto(`${WORKBENCH}&payload=${encodeURIComponent(JSON.stringify([['openFile', `vscode-remote://${new URL(WORKBENCH).host}${FILE}`]]))}`);
const lines = page.locator('.editor-instance .monaco-editor .view-lines').first();
await lines.waitFor({ timeout: 60000 });
const usable = Date.now() - began; // the text is there and takes keys
await lines.click();
await page.keyboard.press('Control+End');
const answered = page.locator('[id="tinycode-ls.tinycode.tinycode"]').waitFor({ timeout: 60000 })
  .then(() => page.waitForFunction(() => !document.querySelector('[id="tinycode-ls.tinycode.tinycode"] .codicon'), { timeout: 60000 }))
  .then(() => Date.now() - began);
let first;
for (const piece of places.flatMap(([, pieces]) => [...pieces, '\n'])) {
  await page.keyboard.type(piece, { delay: KEY_MS });
  await page.waitForTimeout(400);
  first = (await events()).find(([, what, text]) => what === 'ghost' && text);
  if (first) break;
}
const firstGhost = first?.[0]; // since the page began to load
const pauses = [];
for (const [line, pieces] of places) {
  await page.keyboard.press('Escape');
  await goTo(line);
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+End');
  await page.keyboard.press('Delete');
  await page.waitForTimeout(PAUSE_MS);
  for (const [number, piece] of pieces.entries()) {
    await page.keyboard.type(piece, { delay: KEY_MS });
    await page.waitForTimeout(PAUSE_MS);
    pauses.push([await now(), number === 0]);
  }
}
console.log(JSON.stringify({ usable, answered: await answered, firstGhost, pauses, events: await events() }));
await browser.close();
