// Fails when a package is larger than what the extension may weigh. Knows nothing of its content.
import { statSync } from 'node:fs';

const MOST_BYTES = 1_000_000;
const [path] = process.argv.slice(2);
const { size } = statSync(path);
console.log(`${path}: ${Math.round(size / 1000)} kB of at most ${MOST_BYTES / 1000} kB`);
if (size >= MOST_BYTES) {
  console.error(`${path} is too large.`);
  process.exitCode = 1;
}
