// Builds everything that the package takes out of `dist`: the bundle, the notices of what is bundled,
// the icon. Knows nothing of what the extension does.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { icon } from './icon.mjs';

const DIST = 'dist';
const ICON_PIXELS = 128;

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);
const result = await build({
  entryPoints: ['src/extension.ts'],
  outfile: join(DIST, 'extension.js'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode'],
  minify: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
writeFileSync(join(DIST, 'THIRD-PARTY-NOTICES.txt'), notices(Object.keys(result.metafile.inputs)));
writeFileSync(join(DIST, 'icon.png'), icon(ICON_PIXELS));

/** The licences of all packages that these files belong to. */
function notices(inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input.replaceAll('\\', '/'));
    if (match) folders.add(match[1]);
  }
  return [...folders].sort().map(notice).join('\n');
}

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.(txt|md))?$/i.test(entry));
  const path = file && join(folder, file);
  if (!path || !existsSync(path)) throw new Error(`${name} has no licence text.`);
  return `${name} ${version} (${license})\n\n${readFileSync(path, 'utf8').trim()}\n\n${'-'.repeat(70)}\n`;
}
