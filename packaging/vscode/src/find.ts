// Finds the server's program on this machine and asks it for its version. Looks into no workspace;
// installs nothing.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** Python starts slowly on a cold disk. */
const TIMEOUT_MS = 60_000;

export interface Program {
  path: string;
  version: string;
}

/** What is asked of the machine. */
export interface Machine {
  platform: NodeJS.Platform;
  environment: NodeJS.ProcessEnv;
  home: string;
  isProgram(path: string): Promise<boolean>;
  /** Standard output of a program; rejects when it fails. */
  run(path: string, ...parameters: string[]): Promise<string>;
}

/** The user named a program that does not do. */
export class ProgramError extends Error {}

export const here: Machine = {
  platform: process.platform,
  environment: process.env,
  home: homedir(),

  async isProgram(path) {
    try {
      await access(path, constants.X_OK);
      return (await stat(path)).isFile();
    } catch {
      return false;
    }
  },

  run(path, ...parameters) {
    // Not in the workspace: programs look for files, and Windows for programs, in their folder.
    const options = { cwd: homedir(), timeout: TIMEOUT_MS, windowsHide: true };
    return new Promise((resolve, reject) => {
      execFile(path, parameters, options, (error, stdout, stderr) => {
        if (error) reject(new Error(lastLine(stderr) || error.message));
        else resolve(stdout);
      });
    });
  },
};

/** The program in a virtual environment. */
export function inEnvironment(folder: string, name: string, machine: Machine = here): string {
  return machine.platform === 'win32'
    ? win32.join(folder, 'Scripts', `${name}.exe`)
    : posix.join(folder, 'bin', name);
}

/**
 * The program to start.
 *
 * `configured` is what the user's settings say, and nothing else is tried where they do; `own` is the
 * folder of the environment that the extension may have made. Undefined where there is none.
 * Rejects with `ProgramError` when the configured one is not there or does not answer.
 */
export async function find(
  configured: string,
  own: string,
  machine: Machine = here,
): Promise<Program | undefined> {
  if (configured) return theConfigured(configured, machine);
  for (const path of candidates(own, machine)) {
    if (!(await machine.isProgram(path))) continue;
    try {
      return { path, version: await version(path, machine) };
    } catch {
      continue; // left over from something that was removed: the next one may do
    }
  }
  return undefined;
}

/** The first program of this name on the `PATH`. */
export async function onPath(name: string, machine: Machine = here): Promise<string | undefined> {
  for (const path of pathEntries(machine).map((folder) => join(machine, folder, name))) {
    if (await machine.isProgram(path)) return path;
  }
  return undefined;
}

async function theConfigured(configured: string, machine: Machine): Promise<Program> {
  const expanded = configured.replace(/^~(?=[\\/])/, machine.home);
  const { isAbsolute } = machine.platform === 'win32' ? win32 : posix;
  const isName = !/[\\/]/.test(expanded);
  const path = isName ? await onPath(expanded, machine) : expanded;
  if (path === undefined) throw new ProgramError(`there is no ${configured} on the PATH`);
  if (!isAbsolute(path)) throw new ProgramError(`${configured} is not an absolute path`);
  if (!(await machine.isProgram(path))) throw new ProgramError(`${path} is not a program`);
  try {
    return { path, version: await version(path, machine) };
  } catch (error) {
    throw new ProgramError(`${path} does not answer as beadline: ${(error as Error).message}`);
  }
}

/** Places to look at, best first. */
function candidates(own: string, machine: Machine): string[] {
  const { environment, home } = machine;
  const folders = [
    ...pathEntries(machine),
    // Where pipx and uv put programs, which an editor that was not started from a shell may not know.
    ...[environment.PIPX_BIN_DIR, environment.UV_TOOL_BIN_DIR].filter((f) => f !== undefined),
    machine.platform === 'win32' ? win32.join(home, '.local', 'bin') : posix.join(home, '.local/bin'),
  ];
  const paths = folders.map((folder) => join(machine, folder, 'beadline'));
  return [...new Set([inEnvironment(own, 'beadline', machine), ...paths])];
}

/** Folders of the `PATH`; relative ones, which would be a workspace's, are left out. */
function pathEntries({ environment, platform }: Machine): string[] {
  const { delimiter, isAbsolute } = platform === 'win32' ? win32 : posix;
  return (environment.PATH ?? environment.Path ?? '').split(delimiter).filter((f) => isAbsolute(f));
}

function join(machine: Machine, folder: string, name: string): string {
  if (machine.platform !== 'win32') return posix.join(folder, name);
  return win32.join(folder, name.endsWith('.exe') ? name : `${name}.exe`);
}

async function version(path: string, machine: Machine): Promise<string> {
  const said = await machine.run(path, '--version');
  const match = /^beadline (\S+)/.exec(said);
  if (!match) throw new Error('it says no version');
  return match[1]!;
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}
