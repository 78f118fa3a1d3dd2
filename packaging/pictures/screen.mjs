// Draws what a program wrote to its terminal: reads lines of JSON with the bytes that came next and
// the file for a picture of the screen as it is then. Knows no program. Run with:
// node screen.mjs NODE_MODULES BROWSER COLUMNS ROWS
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [modules, executablePath, columns, rows] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require('playwright-core');

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage'],
});
const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
await page.setContent('<body style="margin: 0"><div id="screen"></div></body>');
await page.addStyleTag({ path: require.resolve('@xterm/xterm/css/xterm.css') });
await page.addScriptTag({ path: require.resolve('@xterm/xterm/lib/xterm.js') });
await page.evaluate(open, { columns: Number(columns), rows: Number(rows) });

for await (const line of createInterface({ input: process.stdin })) {
  const { written, path } = JSON.parse(line);
  await page.evaluate(write, written);
  await page.locator('.xterm-screen').screenshot({ path });
  process.stdout.write('\n');
}
await browser.close();

function open({ columns, rows }) {
  window.terminal = new window.Terminal({
    cols: columns,
    rows,
    fontFamily: '"DejaVu Sans Mono", monospace',
    fontSize: 15,
    cursorBlink: false,
    theme: { background: '#14161b', foreground: '#e0e2ea' },
  });
  window.terminal.open(document.getElementById('screen'));
  window.terminal.focus();
}

// Resolves once it is drawn, which the terminal does with the next frame.
function write(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
  return new Promise((parsed) => window.terminal.write(bytes, parsed)).then(frame).then(frame);
}
