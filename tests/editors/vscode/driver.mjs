// Drives VS Code in a browser: reads one command as a line of JSON, carries it out, answers with a
// line of JSON. Knows no test. Run with: node driver.mjs NODE_MODULES BROWSER PROFILE
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [modules, executablePath, profile] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)('playwright-core');

const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1200, height: 800 },
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
});
const page = context.pages()[0] ?? (await context.newPage());
page.setDefaultTimeout(120_000);
const PATIENCE_MS = 5_000;
const MOST_TRIES = 5;
const row = (file) => page.locator(`.explorer-folders-view .monaco-list-row:has-text("${file}")`);
const status = page.locator('.statusbar-item[id^="beadline."]');
const quick = page.locator('.quick-input-widget').first();
const entries = quick.locator('.quick-input-list .monaco-list-row');
const notices = page.locator('.notification-list-item');

// The palette finds a command by its identifier too.
async function palette(filter) {
  await page.keyboard.press('F1');
  const input = quick.locator('.quick-input-box input');
  await input.waitFor();
  await input.fill(`>${filter}`);
}

const commands = {
  open: async ({ url, file }) => {
    await page.goto(url);
    await page.locator('.monaco-workbench').waitFor();
    await row(file).first().dblclick();
    await page.locator('.editor-instance .view-line').first().waitFor();
    await page.locator('.editor-instance .view-lines').first().click();
  },
  press: async ({ keys }) => {
    for (const key of keys) await page.keyboard.press(key);
  },
  type: async ({ text }) => page.keyboard.type(text),
  ghost: async () => page.evaluate(ghost),
  dirty: async () => page.locator('.tab.active.dirty').count(),
  notifications: async () => page.locator('.notification-list-item-message').allInnerTexts(),
  buttons: async () => notices.locator('.monaco-button').allInnerTexts(),
  pressButton: async ({ text }) =>
    notices.locator('.monaco-button').filter({ hasText: text }).first().click(),
  // Its entry is there under its title: the list may still be that of another filter. It may come
  // late, when a condition of the command is about to hold, or something took the focus.
  run: async ({ command, title }) => {
    const wanted = entries.filter({ hasText: title }).first();
    for (let tries = 1; ; tries++) {
      await palette(command);
      try {
        return void (await wanted.click({ timeout: PATIENCE_MS }));
      } catch (error) {
        if (tries === MOST_TRIES) throw error;
        await page.keyboard.press('Escape');
      }
    }
  },
  filter: async ({ text }) => palette(text),
  // What was in the list stays in the page when it is closed. Below an entry may be a line of details.
  entries: async () =>
    (await quick.isVisible())
      ? entries.locator('.quick-input-list-row:first-child .label-name').allInnerTexts()
      : [],
  choose: async ({ text }) => entries.filter({ hasText: text }).first().click(),
  status: async () => (await status.count()) ? status.first().evaluate(item) : null,
  clickStatus: async () => status.first().locator('a').first().click(),
  tab: async () => page.locator('.tab.active').first().getAttribute('data-resource-name'),
  text: async () => page.evaluate(lines, '.editor-group-container.active .view-line'),
  output: async () => page.evaluate(lines, '.part.panel .view-line'),
  resize: async (size) => page.setViewportSize({ width: size.width, height: size.height }),
  screenshot: async ({ path }) => void (await page.screenshot({ path })),
};

// The rest of the cursor's line is drawn in it, the other lines below it.
function ghost() {
  const text = (elements) => [...elements].map((element) => element.textContent).join('');
  const first = document.querySelectorAll('.view-lines .ghost-text-decoration');
  const others = document.querySelectorAll('.suggest-preview-text .view-line');
  const lines = [text(first), ...[...others].map((line) => line.textContent)];
  return lines.join('\n').replaceAll('\u00a0', ' ');
}

// What an editor shows, from top to bottom: its lines are in no order in the page.
function lines(selector) {
  const top = (line) => Number.parseFloat(line.style.top);
  const found = [...document.querySelectorAll(selector)].sort((a, b) => top(a) - top(b));
  return found.map((line) => line.textContent).join('\n').replaceAll('\u00a0', ' ');
}

function item(element) {
  return { text: element.textContent.trim(), label: element.getAttribute('aria-label') ?? '' };
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = { result: (await commands[command.do](command)) ?? null };
  } catch (error) {
    answer = { error: `${command.do}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await context.close();
