import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findWheel, PackageError } from '../src/package';
import { ways } from '../src/setup';

const OWN = 'beadline-1.2.3-py3-none-any.whl';
const NEWER = 'beadline-1.3.0-py3-none-any.whl';
const UV = { method: 'uv', program: '/usr/bin/uv', version: 'uv 0.9' } as const;
const VENV = { method: 'venv', program: '/usr/bin/python3', version: '3.12' } as const;

describe('findWheel', () => {
  let folder: string;
  let extension: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beadline-package-'));
    extension = join(folder, 'extension');
    await mkdir(join(extension, 'server'), { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const put = async (...parts: string[]) => {
    const path = join(...parts);
    await writeFile(path, '');
    return path;
  };

  it('finds nothing where nothing was named and nothing shipped', async () => {
    expect(await findWheel('', extension, '1.2.3')).toBeUndefined();
    expect(await findWheel('', join(folder, 'none'), '1.2.3')).toBeUndefined();
  });

  it('takes what came with the extension', async () => {
    const wheel = await put(extension, 'server', OWN);
    expect(await findWheel('', extension, '1.2.3')).toEqual({ wheel, origin: 'the extension itself' });
  });

  it('prefers what the user named to what came with the extension', async () => {
    await put(extension, 'server', OWN);
    const wheel = await put(folder, OWN);
    const found = await findWheel(wheel, extension, '1.2.3');
    expect(found?.wheel).toBe(wheel);
    expect(found?.origin).toContain('beadline.client.package');
  });

  it('takes the wheel of its own version from a folder', async () => {
    await put(folder, NEWER);
    await put(folder, 'numpy-9.0-py3-none-any.whl');
    const wheel = await put(folder, OWN);
    expect((await findWheel(folder, extension, '1.2.3'))?.wheel).toBe(wheel);
    expect((await findWheel(folder, extension, '1.0.0'))?.wheel).toBe(join(folder, NEWER));
  });

  it.each(['relative.whl', '/not/there.whl'])('says what is wrong with %s', async (configured) => {
    await put(extension, 'server', OWN);
    await expect(findWheel(configured, extension, '1.2.3')).rejects.toThrow(PackageError);
  });

  it('takes neither an empty folder nor another package', async () => {
    const other = await put(folder, 'numpy-9.0-py3-none-any.whl');
    await expect(findWheel(folder, extension, '1.2.3')).rejects.toThrow('no wheel');
    await expect(findWheel(other, extension, '1.2.3')).rejects.toThrow('no wheel of beadline');
  });
});

describe('ways', () => {
  const found = [UV, VENV];

  it('offers the wheel first, another one then, and the name alone last', () => {
    const wheel = { wheel: `/house/${OWN}`, origin: 'the extension itself' };
    const all = ways(found, UV, '1.2.3', wheel);
    expect(all.map(({ source }) => source)).toEqual([
      { wheel: wheel.wheel },
      { wheel: wheel.wheel },
      undefined,
      { version: '1.2.3' },
      { version: '1.2.3' },
    ]);
    expect(all[0]).toMatchObject({ description: 'recommended' });
    expect(all[0]!.detail).toContain(`${OWN} from the extension itself`);
  });

  it('asks for a file first where there is no wheel', () => {
    const all = ways(found, UV, '1.2.3', undefined);
    expect(all[0]).toMatchObject({ source: undefined, description: 'recommended' });
    expect(all.slice(1).every(({ source }) => source && 'version' in source)).toBe(true);
  });

  it('says of each where the package comes from', () => {
    for (const { detail, source } of ways(found, UV, '1.2.3', undefined)) {
      expect(detail).toContain(source ? 'from the index that' : 'that you have');
    }
  });
});
