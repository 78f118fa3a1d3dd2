import { describe, expect, it } from 'vitest';
import { find, inEnvironment, type Machine, onPath, ProgramError } from '../src/find';

const OWN = '/storage/server';

/** A machine with these programs, by what each says for `--version`; null: it fails. */
function machine(programs: Record<string, string | null>, others: Partial<Machine> = {}): Machine {
  return {
    platform: 'linux',
    environment: { PATH: '/usr/bin:/opt/bin' },
    home: '/home/me',
    isProgram: async (path) => path in programs,
    run: async (path) => {
      const said = programs[path];
      if (said === null || said === undefined) throw new Error('it failed');
      return said;
    },
    ...others,
  };
}

describe('find', () => {
  it('prefers the environment that the extension made', async () => {
    const here = machine({
      '/storage/server/bin/beadline': 'beadline 2.0\n',
      '/usr/bin/beadline': 'beadline 1.0\n',
    });
    expect(await find('', OWN, here)).toEqual({ path: '/storage/server/bin/beadline', version: '2.0' });
  });

  it('goes on to the next one where one does not answer', async () => {
    const here = machine({
      '/storage/server/bin/beadline': null,
      '/usr/bin/beadline': 'something else',
      '/opt/bin/beadline': 'beadline 1.0\n',
    });
    expect((await find('', OWN, here))?.path).toBe('/opt/bin/beadline');
  });

  it('looks where pipx and uv put programs', async () => {
    const local = machine({ '/home/me/.local/bin/beadline': 'beadline 1.0' });
    expect((await find('', OWN, local))?.path).toBe('/home/me/.local/bin/beadline');
    const chosen = machine(
      { '/pipx/beadline': 'beadline 1.0' },
      { environment: { PATH: '', PIPX_BIN_DIR: '/pipx' } },
    );
    expect((await find('', OWN, chosen))?.path).toBe('/pipx/beadline');
  });

  it('never looks into relative folders of the PATH, which are a workspace’s', async () => {
    const here = machine(
      { 'beadline': 'beadline 6.6', './beadline': 'beadline 6.6', 'bin/beadline': 'beadline 6.6' },
      { environment: { PATH: ':.:bin::' } },
    );
    expect(await find('', OWN, here)).toBeUndefined();
  });

  it('finds nothing where there is nothing', async () => {
    expect(await find('', OWN, machine({}))).toBeUndefined();
  });

  it('takes what the user named, and nothing else', async () => {
    const here = machine({ '/x/y': 'beadline 3.0', '/home/me/b': 'beadline 4.0', '/opt/bin/bl': 'beadline 5.0' });
    expect((await find('/x/y', OWN, here))?.version).toBe('3.0');
    expect((await find('~/b', OWN, here))?.version).toBe('4.0');
    expect((await find('bl', OWN, here))?.version).toBe('5.0');
  });

  it.each([
    ['/not/there', 'is not a program'],
    ['nothing', 'on the PATH'],
    ['./beadline', 'not an absolute path'],
    ['/usr/bin/python', 'does not answer as beadline'],
  ])('says what is wrong with %s', async (configured, reason) => {
    const here = machine({
      './beadline': 'beadline 6.6',
      '/usr/bin/python': 'Python 3.12',
      '/usr/bin/beadline': 'beadline 1.0',
    });
    const finding = find(configured, OWN, here);
    await expect(finding).rejects.toThrow(ProgramError);
    await expect(finding).rejects.toThrow(reason);
  });

  it('knows how programs are called on Windows', async () => {
    const here = machine(
      { 'C:\\Tools\\beadline.exe': 'beadline 1.0\r\n' },
      { platform: 'win32', environment: { Path: 'C:\\Windows;C:\\Tools' }, home: 'C:\\Users\\me' },
    );
    expect((await find('', 'C:\\storage', here))?.path).toBe('C:\\Tools\\beadline.exe');
    expect(await onPath('beadline.exe', here)).toBe('C:\\Tools\\beadline.exe');
    expect(inEnvironment('C:\\storage', 'python', here)).toBe('C:\\storage\\Scripts\\python.exe');
  });
});
