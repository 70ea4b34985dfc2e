// Drives a real VS Code workbench in a browser: types, looks at the ghost text, accepts, saves. test_vscode.py starts it.
// Environment: WORKBENCH (address), FOLDER (where the files are), SHOTS (where pictures go), CASES (JSON, see test_vscode.py).
import { chromium } from 'playwright-core';
import fs from 'node:fs';
import path from 'node:path';

const { WORKBENCH, FOLDER, SHOTS } = process.env;
const cases = JSON.parse(process.env.CASES);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium', headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const context = await browser.newContext({ viewport: { width: 1100, height: 480 } });
const outside = new Set(); // hosts that the page asked for; there must be none
await context.route('**/*', (route) => {
  const host = new URL(route.request().url()).hostname;
  if (['127.0.0.1', 'localhost', ''].includes(host)) return route.continue();
  outside.add(host);
  return route.abort();
});
const page = await context.newPage();
const ghost = page.locator('.monaco-editor [class*="ghost-text"]');
const bar = page.locator('[id="tinycode-ls.tinycode.tinycode"]');
const lines = () => page.locator('.editor-instance .monaco-editor .view-lines').first();
const results = [];

async function until(holds, what, ms = 60000) {
  for (const end = Date.now() + ms; Date.now() < end;) {
    const value = await holds();
    if (value) return value;
    await page.waitForTimeout(40);
  }
  throw new Error(`waited in vain for ${what}`);
}
const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
const onDisk = (name) => fs.readFileSync(path.join(FOLDER, name), 'utf8');
const ghostText = async () => (await ghost.allTextContents()).join('').replace(/\u00a0/g, ' ');

async function openByName(file) {
  const name = path.basename(file);
  await press('Control+p');
  await page.locator('.quick-input-widget input').first().waitFor({ timeout: 30000 });
  await page.keyboard.type(name);
  await page.locator(`.quick-input-list .monaco-list-row[aria-label^="${name}"]`).first().waitFor({ timeout: 30000 });
  await press('Enter');
  await page.locator(`.tab.active[aria-label^="${name}"]`).waitFor({ timeout: 30000 });
}

async function open(name) {
  // on a busy machine the picker now and then misses a file that is just there: closed and asked again, it finds it
  for (let left = 2; ; left -= 1) {
    try { await openByName(name); break; } catch (error) { if (!left) throw error; await press('Escape', 'Escape'); }
  }
  if (!name.endsWith('.ipynb')) return lines().click();
  await page.locator('.notebookOverlay .cell-inner-container').first().click();
  await press('Enter');
}

async function save(name, before) {
  await press('Control+s');
  await until(() => onDisk(name) !== before, `${name} saved`);
  await page.locator('.tab.active:not(.dirty)').waitFor(); // not in the middle of writing
  return onDisk(name);
}

async function enter() {
  // on a busy machine the window now and then comes up without the folder it was asked for; asked again, it has it
  for (let left = 2; ; left -= 1) {
    await page.goto(WORKBENCH);
    await page.waitForSelector('.monaco-workbench', { timeout: 120000 });
    try { return await page.locator('.explorer-folders-view').first().waitFor({ timeout: 60000 }); } catch (error) { if (!left) throw error; }
  }
}

/** A step is a key combination in angle brackets, `!` and a command of ours, a wish for something on screen, or text. */
async function step(text, name) {
  if (text.startsWith('!')) {
    await press('F1');
    await page.locator('.quick-input-widget input').first().waitFor();
    await page.keyboard.type(`tinycode: ${text.slice(1)}`);
    await page.locator(`.quick-input-list .monaco-list-row[aria-label*="${text.slice(1)}"]`).first().waitFor();
    return press('Enter');
  }
  if (text.startsWith('?open ')) return open(text.slice(6));
  if (text.startsWith('?click ')) return page.locator('.notification-toast').getByText(text.slice(7)).first().click();
  if (text.startsWith('?see ')) return page.getByText(text.slice(5)).first().waitFor({ timeout: 120000 });
  if (text === '?calm') {
    if (await page.locator('.notification-toast .codicon-error').count()) throw new Error('a message of an error');
    return;
  }
  if (text.startsWith('?tip ')) {
    await page.mouse.move(400, 200); // a mouse that is there already calls up no new one
    await bar.hover();
    return page.locator('.workbench-hover').getByText(text.slice(5)).first().waitFor({ timeout: 30000 });
  }
  if (text.startsWith('?bar ')) return bar.locator(`.codicon-${text.slice(5)}`).waitFor();
  if (text === '?ready') return void await until(async () => (await bar.locator('.codicon').count()) === 0, 'ready');
  const key = text.match(/^<(.+)>$/);
  if (key) return press(key[1]);
  if (text === '?ghost') return void await until(async () => (await ghostText()).trim(), 'ghost text');
  if (text === '?edit') return lines().click();
  if (text === '?quiet') {
    await page.waitForTimeout(800);
    if (await ghost.count()) throw new Error('ghost text where there must be none');
    return;
  }
  if (text.startsWith('?text ')) return void await until(async () => (await ghostText()).trim() === text.slice(6), text);
  if (text === '?no ghost') return void await until(async () => (await ghost.count()) === 0, 'no ghost text');
  if (text.startsWith('?row ')) {
    return page.locator(`.suggest-widget.visible .monaco-list-row[aria-label*="${text.slice(5)}"]`).first().waitFor({ timeout: 30000 });
  }
  if (text.startsWith('?shot ')) return void await page.screenshot({ path: path.join(SHOTS, `${text.slice(6)}.png`) });
  await page.keyboard.type(text, { delay: 25 });
}

try {
  await enter();
  await bar.waitFor({ timeout: 120000 }); // the extension runs; a picture is in it until the server answered
  if (!cases[0].unready) await until(async () => (await bar.locator('.codicon').count()) === 0, 'the status bar to say ready', 60000);
  for (const { name, steps, copy } of cases) {
    const before = onDisk(name);
    let shown = '';
    let latency = 0;
    try {
      await open(name);
      for (const text of steps) {
        const start = Date.now();
        if (text === '?model') {
          await until(() => fs.existsSync(copy[1]), 'a model', 60000).catch(() => fs.copyFileSync(...copy));
          continue;
        }
        if (text === '?copy') { fs.copyFileSync(...copy); continue; }
        await step(text, name);
        if (text === '?ghost') { latency = Date.now() - start; await page.waitForTimeout(250); shown = await ghostText(); }
      }
      results.push({ name, shown, latency, file: await save(name, before) });
    } catch (error) {
      await page.screenshot({ path: path.join(SHOTS, `fail-${name}.png`) }).catch(() => {});
      results.push({ name, shown, error: error.message.split('\n')[0], file: onDisk(name) });
      await press('Escape', 'Escape');
    }
  }
} catch (error) {
  await page.screenshot({ path: path.join(SHOTS, 'fail-start.png') }).catch(() => {});
  results.push({ name: 'start', error: error.message.split('\n')[0] });
}
await browser.close();
console.log(JSON.stringify({ results, outside: [...outside] }));
