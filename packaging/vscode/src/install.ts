// Plans how the server is installed into an environment of its own, carries the plan out, and says what
// went wrong in words that help. Knows no window and no settings.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { here, inEnvironment, type Machine, onPath } from './find';

export type Method = 'uv' | 'venv' | 'pipx';

/** A way to install that this machine has. */
export interface Installer {
  method: Method;
  /** uv, pipx, or the Python that makes the environment. */
  program: string;
  /** Of the program, as it says it. */
  version: string;
}

export interface Step {
  title: string;
  program: string;
  parameters: string[];
}

/** What is installed: a release of the package, or a wheel with others beside it. */
export type Source = { version: string } | { wheel: string };

export interface Cancellation {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): { dispose(): void };
}

export class InstallError extends Error {}
export class InstallCancelled extends Error {}

const PYTHONS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python'];
const WANTED = 'Python 3.11 or newer';
/** Prints the version; fails where it is too old or cannot make environments with pip. */
const PROBE = [
  'import sys, venv, ensurepip',
  'sys.exit(1) if sys.version_info < (3, 11) else print(*sys.version_info[:3], sep=".")',
].join('; ');

/** Ways to install, best first. */
export async function installers(machine: Machine = here): Promise<Installer[]> {
  const found: Installer[] = [];
  const uv = await onPath('uv', machine);
  if (uv) await add(found, 'uv', uv, machine, '--version');
  for (const name of PYTHONS) {
    const python = await onPath(name, machine);
    if (python && (await add(found, 'venv', python, machine, '-I', '-c', PROBE))) break;
  }
  const pipx = await onPath('pipx', machine);
  if (pipx) await add(found, 'pipx', pipx, machine, '--version');
  return found;
}

async function add(
  found: Installer[],
  method: Method,
  program: string,
  machine: Machine,
  ...parameters: string[]
): Promise<boolean> {
  try {
    const version = (await machine.run(program, ...parameters)).trim();
    found.push({ method, program, version });
    return true;
  } catch {
    return false; // it does not run, or not as it has to
  }
}

/** What to tell who has none of them. */
export function nothingToInstallWith(platform: NodeJS.Platform): string {
  const how: Partial<Record<NodeJS.Platform, string>> = {
    linux:
      'On Debian and Ubuntu: `sudo apt install python3-venv`; on Fedora: `sudo dnf install python3`.',
    darwin: 'For example with Homebrew: `brew install python`.',
    win32: 'For example: `winget install Python.Python.3.12`.',
  };
  const missing = `Neither ${WANTED} with its venv module nor uv was found on the PATH.`;
  return [missing, how[platform]].filter(Boolean).join(' ');
}

/** The commands that install; `folder` is the environment's, unused by pipx, which has its own. */
export function plan(
  { method, program }: Installer,
  source: Source,
  folder: string,
  machine: Machine = here,
): Step[] {
  const what = 'wheel' in source ? source.wheel : `beadline==${source.version}`;
  // Wheels of what it needs may lie beside it: a machine without a compiler or a network has those.
  const beside = 'wheel' in source ? ['--find-links', dirname(source.wheel)] : [];
  const python = inEnvironment(folder, 'python', machine);
  const install = 'Installing beadline (llama.cpp may have to be compiled, which takes minutes)';
  switch (method) {
    case 'uv':
      return [
        step('Creating an environment', program, 'venv', '--python', '>=3.11', folder),
        step(install, program, 'pip', 'install', '--python', python, ...beside, what),
      ];
    case 'venv':
      return [
        step('Creating an environment', program, '-I', '-m', 'venv', folder),
        step(install, python, '-I', '-m', 'pip', 'install', ...PIP, ...beside, what),
      ];
    case 'pipx': {
      // pipx splits what it hands to pip at white space.
      const handed = beside.some((word) => /[\s'"]/.test(word)) ? [] : beside;
      const forPip = handed.length > 0 ? [`--pip-args=${handed.join(' ')}`] : [];
      return [step(install, program, 'install', '--force', ...forPip, what)];
    }
  }
}

const PIP = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];

function step(title: string, program: string, ...parameters: string[]): Step {
  return { title, program, parameters };
}

/**
 * Carry a plan out; what the programs say goes to `told`, line by line.
 *
 * An environment that was there is removed first, and one that was not finished afterwards. Rejects
 * with `InstallError`, whose message is for the user, or `InstallCancelled`.
 */
export async function install(
  steps: readonly Step[],
  folder: string,
  token: Cancellation,
  told: { step(title: string): void; line(line: string): void },
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  try {
    for (const { title, program, parameters } of steps) {
      told.step(title);
      told.line(`> ${[program, ...parameters].join(' ')}`);
      await runStep(program, parameters, token, told.line);
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function runStep(
  program: string,
  parameters: readonly string[],
  token: Cancellation,
  line: (line: string) => void,
): Promise<void> {
  if (token.isCancellationRequested) throw new InstallCancelled();
  const said: string[] = [];
  const child = spawn(program, parameters, {
    // Neither Python nor pip may find anything of a workspace.
    cwd: homedir(),
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    // A group of its own, so that the compilers it starts end with it.
    detached: process.platform !== 'win32',
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (text) => {
      said.push(text);
      line(text);
    });
  }
  const cancelled = token.onCancellationRequested(() => endTree(child));
  try {
    const code = await ended(child);
    if (token.isCancellationRequested) throw new InstallCancelled();
    if (code !== 0) throw new InstallError(explain(said));
  } finally {
    cancelled.dispose();
  }
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', ({ message }) => {
      reject(new InstallError(`it could not be started: ${message}`));
    });
    child.once('close', resolve);
  });
}

function endTree(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  if (process.platform === 'win32') {
    const all = ['/pid', String(child.pid), '/T', '/F'];
    spawn('taskkill', all, { windowsHide: true, cwd: homedir() });
    return;
  }
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    child.kill(); // it has ended, or has not become a group yet
  }
}

const CAUSES: [RegExp, string][] = [
  [
    /no space left on device|not enough space/i,
    'the disk is full.',
  ],
  [
    /name resolution|getaddrinfo|dns error|connection (refused|timed out|reset)|network is unreachable|failed to establish a new connection|error sending request/i,
    'the package index cannot be reached. Where there is no network, choose "From a wheel file" and the wheel of a release.',
  ],
  [
    /(no matching distribution found|could not find a version|no solution found|was not found in the package registry).*/i,
    'the package index does not have this release, or not all that it needs. Choose "From a wheel file" and the wheel of a release.',
  ],
  [
    /ensurepip is not available|python3-venv/i,
    'this Python cannot make environments. On Debian and Ubuntu: `sudo apt install python3-venv`.',
  ],
  [
    /(failed (building wheel|to build)[^\n]*llama[-_]cpp[-_]python)|cmake error|CMAKE_C(XX)?_COMPILER|no such file or directory: '(cc|c\+\+|gcc|g\+\+|cl)'/i,
    'llama-cpp-python could not be compiled. It needs a C++ compiler: on Debian and Ubuntu `sudo apt install build-essential`, on Fedora `sudo dnf install gcc-c++ make`, on macOS `xcode-select --install`, on Windows the Build Tools for Visual Studio with "Desktop development with C++".',
  ],
];

/** Why an installation failed, by what its programs said. */
export function explain(said: readonly string[]): string {
  const text = said.join('\n');
  const known = CAUSES.find(([pattern]) => pattern.test(text));
  if (known) return known[1];
  const last = said.findLast((line) => line.trim())?.trim();
  return last ? `it ended with: ${last}` : 'it failed and said nothing.';
}
