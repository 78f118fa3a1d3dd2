// Says what would be installed as the server, and where that comes from: a wheel that the user names, else
// one that was put into the extension, else none. Never goes by a name that anybody may publish under.
// Installs nothing.
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';

/** Folder of the extension for a wheel that is shipped with it. */
const SHIPPED = 'server';
const WHEEL = /^beadline-[^-]+-[^-]+-[^-]+-[^-]+\.whl$/;

/** A wheel, and where it comes from, in words that follow "from". */
export interface Wheel {
  wheel: string;
  origin: string;
}

/** What the user named does not do. */
export class PackageError extends Error {}

/**
 * The wheel to install, where there is one.
 *
 * `configured` is what the user's settings say: a wheel, or a folder with one; nothing else is tried then.
 * `extension` is the extension's folder, `version` its version. Rejects with `PackageError` where the
 * configured one is not there.
 */
export async function findWheel(
  configured: string,
  extension: string,
  version: string,
): Promise<Wheel | undefined> {
  if (configured) {
    const wheel = await theConfigured(configured, version);
    return { wheel, origin: 'the setting beadline.client.package' };
  }
  const folder = join(extension, SHIPPED);
  const [wheel] = await wheels(folder, version);
  return wheel === undefined ? undefined : { wheel, origin: 'the extension itself' };
}

async function theConfigured(configured: string, version: string): Promise<string> {
  const path = configured.replace(/^~(?=[\\/])/, homedir());
  if (!isAbsolute(path)) throw new PackageError(`${configured} is not an absolute path`);
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new PackageError(`there is no ${path}`);
  if (found.isDirectory()) {
    const [wheel] = await wheels(path, version);
    if (wheel === undefined) throw new PackageError(`${path} holds no wheel beadline-*.whl`);
    return wheel;
  }
  if (!WHEEL.test(basename(path))) throw new PackageError(`${path} is no wheel of beadline`);
  return path;
}

/** The wheels of beadline in a folder: those of this version first, else the newest names. */
async function wheels(folder: string, version: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const found = names.filter((name) => WHEEL.test(name)).sort().reverse();
  const own = found.filter((name) => name.startsWith(`beadline-${version}-`));
  return [...new Set([...own, ...found])].map((name) => join(folder, name));
}
