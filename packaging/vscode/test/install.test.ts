import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Machine } from '../src/find';
import {
  explain,
  install,
  InstallCancelled,
  InstallError,
  installers,
  nothingToInstallWith,
  plan,
  type Step,
} from '../src/install';

function machine(programs: Record<string, string | null>, platform: NodeJS.Platform = 'linux'): Machine {
  return {
    platform,
    environment: { PATH: '/usr/bin' },
    home: '/home/me',
    isProgram: async (path) => path in programs,
    run: async (path) => {
      const said = programs[path];
      if (typeof said !== 'string') throw new Error('it failed');
      return said;
    },
  };
}

describe('installers', () => {
  it('lists what there is, best first', async () => {
    const here = machine({
      '/usr/bin/pipx': '1.7\n',
      '/usr/bin/python3': '3.12.1\n',
      '/usr/bin/uv': 'uv 0.9\n',
    });
    expect((await installers(here)).map(({ method }) => method)).toEqual(['uv', 'venv', 'pipx']);
  });

  it('takes a newer Python where the first is too old', async () => {
    const here = machine({ '/usr/bin/python3': null, '/usr/bin/python3.12': '3.12.1' });
    expect(await installers(here)).toEqual([
      { method: 'venv', program: '/usr/bin/python3.12', version: '3.12.1' },
    ]);
  });

  it('finds nothing where nothing does', async () => {
    expect(await installers(machine({ '/usr/bin/python3': null }))).toEqual([]);
    expect(nothingToInstallWith('linux')).toContain('python3-venv');
  });
});

describe('plan', () => {
  const here = machine({});
  const release = { version: '1.2.3' };

  it('makes an environment and installs exactly this release into it', () => {
    const venv = { method: 'venv', program: '/usr/bin/python3', version: '3.12' } as const;
    const [create, fill] = plan(venv, release, '/s/server', here);
    expect(create).toMatchObject({
      program: '/usr/bin/python3',
      parameters: ['-I', '-m', 'venv', '/s/server'],
    });
    expect(fill!.program).toBe('/s/server/bin/python');
    expect(fill!.parameters.at(-1)).toBe('beadline==1.2.3');
  });

  it('does so with uv', () => {
    const uv = { method: 'uv', program: '/usr/bin/uv', version: 'uv 0.9' } as const;
    const steps = plan(uv, release, '/s/server', here);
    expect(steps.map(({ parameters }) => parameters)).toEqual([
      ['venv', '--python', '>=3.11', '/s/server'],
      ['pip', 'install', '--python', '/s/server/bin/python', 'beadline==1.2.3'],
    ]);
  });

  it('leaves the environment to pipx', () => {
    const pipx = { method: 'pipx', program: '/usr/bin/pipx', version: '1.7' } as const;
    const steps = plan(pipx, release, '/s/server', here);
    expect(steps.map(({ parameters }) => parameters)).toEqual([
      ['install', '--force', 'beadline==1.2.3'],
    ]);
  });

  it('takes from beside a wheel what that needs', () => {
    const uv = { method: 'uv', program: '/usr/bin/uv', version: 'uv 0.9' } as const;
    const wheel = '/house/beadline-1.2.3-py3-none-any.whl';
    const last = plan(uv, { wheel }, '/s/server', here).at(-1)!;
    expect(last.parameters.slice(-3)).toEqual(['--find-links', '/house', wheel]);
  });

  it('tells pipx too, but for a folder whose name it would split', () => {
    const pipx = { method: 'pipx', program: '/usr/bin/pipx', version: '1.7' } as const;
    const of = (wheel: string) => plan(pipx, { wheel }, '/s/server', here)[0]!.parameters;
    const name = 'beadline-1.2.3-py3-none-any.whl';
    expect(of(`/house/${name}`)).toEqual([
      'install', '--force', '--pip-args=--find-links /house', `/house/${name}`,
    ]);
    expect(of(`/my house/${name}`)).toEqual(['install', '--force', `/my house/${name}`]);
  });
});

describe('install', () => {
  let folder: string;
  let environment: string;
  const told: string[] = [];
  const teller = { step: (title: string) => told.push(title), line: (line: string) => told.push(line) };
  const never = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose() {} }) };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beadline-install-'));
    environment = join(folder, 'server');
    told.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const node = (script: string): Step => ({
    title: 'Running',
    program: process.execPath,
    parameters: ['-e', script],
  });
  const makeFolder = () => node(`require('fs').mkdirSync(${JSON.stringify(environment)})`);

  it('runs one step after the other and passes on what is said', async () => {
    await install([makeFolder(), node('console.log("one"); console.error("two")')], environment, never, teller);
    expect(existsSync(environment)).toBe(true);
    expect(told).toEqual(expect.arrayContaining(['Running', 'one', 'two']));
  });

  it('removes what was there before', async () => {
    await install([makeFolder()], environment, never, teller);
    await writeFile(join(environment, 'old'), '');
    await install([makeFolder()], environment, never, teller);
    expect(await readdir(environment)).toEqual([]);
  });

  it('says why a step failed, runs no further one and leaves nothing behind', async () => {
    const fails = node('console.error("No space left on device"); process.exit(3)');
    const installing = install([makeFolder(), fails, node('console.log("after")')], environment, never, teller);
    await expect(installing).rejects.toThrow(InstallError);
    await expect(installing).rejects.toThrow('the disk is full');
    expect(told).not.toContain('after');
    expect(existsSync(environment)).toBe(false);
  });

  it('says so when a program cannot be started', async () => {
    const step = { title: 'Running', program: join(folder, 'nothing'), parameters: [] };
    await expect(install([step], environment, never, teller)).rejects.toThrow('could not be started');
  });

  it('ends what runs when it is cancelled', async () => {
    let cancel = () => {};
    const token = {
      isCancellationRequested: false,
      onCancellationRequested: (listener: () => void) => {
        cancel = listener;
        return { dispose() {} };
      },
    };
    let started = () => {};
    const hasStarted = new Promise<void>((resolve) => {
      started = resolve;
    });
    const line = (text: string) => {
      if (text === 'started') started();
    };
    const waits = node('console.log("started"); setInterval(() => {}, 1000)');
    const installing = install([makeFolder(), waits], environment, token, { step: () => {}, line });
    const ends = expect(installing).rejects.toThrow(InstallCancelled);
    await hasStarted;
    token.isCancellationRequested = true;
    cancel();
    await ends;
    expect(existsSync(environment)).toBe(false);
  });
});

describe('explain', () => {
  it.each([
    ['ERROR: Failed building wheel for llama-cpp-python', 'C++ compiler'],
    ['CMake Error: CMAKE_CXX_COMPILER not set', 'C++ compiler'],
    ['× Failed to build `llama-cpp-python==0.3.36`', 'C++ compiler'],
    ['ERROR: No matching distribution found for beadline==1.2.3', 'does not have this release'],
    ['  Failed to establish a new connection: Temporary failure in name resolution', 'no network'],
    ['The virtual environment was not created because ensurepip is not available', 'python3-venv'],
    ['OSError: [Errno 28] No space left on device', 'the disk is full'],
  ])('knows what %s means', (line, reason) => {
    expect(explain(['Collecting beadline', line, ''])).toContain(reason);
  });

  it('blames the network for what was not found without one', () => {
    const said = ['Temporary failure in name resolution', 'No matching distribution found for beadline'];
    expect(explain(said)).toContain('no network');
  });

  it('repeats the last words where it knows nothing', () => {
    expect(explain(['first', 'the reason', '  '])).toBe('it ended with: the reason');
    expect(explain([])).not.toBe('');
  });
});
