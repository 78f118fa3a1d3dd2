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
const row = (file) => `.explorer-folders-view .monaco-list-row:has-text("${file}")`;

const commands = {
  open: async ({ url, file }) => {
    await page.goto(url);
    await page.locator('.monaco-workbench').waitFor();
    await page.locator(row(file)).dblclick();
    await page.locator('.editor-instance .view-line').first().waitFor();
    await page.locator('.editor-instance .view-lines').click();
  },
  press: async ({ keys }) => {
    for (const key of keys) await page.keyboard.press(key);
  },
  type: async ({ text }) => page.keyboard.type(text),
  ghost: async () => page.evaluate(ghost),
  dirty: async () => page.locator('.tab.active.dirty').count(),
  notifications: async () => page.locator('.notification-list-item-message').allInnerTexts(),
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
