// Fails when a package is larger than what the extension may weigh, a wheel of the server that was put into
// it aside. Knows nothing of its content.
import { readdirSync, statSync } from 'node:fs';

const MOST_BYTES = 1_000_000;
const SHIPPED = 'server';
const [path] = process.argv.slice(2);
const { size } = statSync(path);
const wheels = readdirSync('.').includes(SHIPPED)
  ? readdirSync(SHIPPED).filter((name) => name.endsWith('.whl'))
  : [];
const shipped = wheels.reduce((sum, name) => sum + statSync(`${SHIPPED}/${name}`).size, 0);
const most = MOST_BYTES + shipped;
console.log(`${path}: ${Math.round(size / 1000)} kB of at most ${Math.round(most / 1000)} kB`);
if (size >= most) {
  console.error(`${path} is too large.`);
  process.exitCode = 1;
}
