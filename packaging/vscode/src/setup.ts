// The dialogue of installing the server: the offer at the first start, the choice of how, the progress,
// and what to do when it fails. The work itself is `install.ts`.
import { basename } from 'node:path';
import {
  type LogOutputChannel,
  type Memento,
  ProgressLocation,
  type QuickPickItem,
  window,
} from 'vscode';
import {
  install,
  InstallCancelled,
  type Installer,
  InstallError,
  installers,
  type Method,
  nothingToInstallWith,
  plan,
  type Source,
  type Step,
} from './install';
import type { Wheel } from './package';

/** Key of the global state: the user does not want to be asked again. */
const NOT_AGAIN = 'beadline.doNotOfferToInstall';
const LONGEST_LINE = 80;

interface Way extends QuickPickItem {
  installer: Installer;
  /** Undefined: the user is asked for a wheel. */
  source: Source | undefined;
}

const WAYS: Record<Method, string> = {
  uv: 'uv',
  venv: "Python's venv and pip",
  pipx: 'pipx',
};

/** Offer to install what is missing; whether the user wants that. */
export async function offer(memory: Memento): Promise<boolean> {
  if (memory.get<boolean>(NOT_AGAIN)) return false;
  const answer = await window.showInformationMessage(
    'beadline: the server is not installed on this machine. ' +
      'It can be installed into an environment of its own.',
    'Install...',
    "Don't Ask Again",
  );
  if (answer === "Don't Ask Again") await memory.update(NOT_AGAIN, true);
  return answer === 'Install...';
}

/**
 * Ask how; undefined when the user does not want to, or nothing can install it.
 *
 * `wheel`: what was found to install; without one a file is the first that is offered, and the name alone
 * the last, which whoever owns an index may have given to something else.
 */
export async function choosePlan(
  version: string,
  folder: string,
  wheel: Wheel | undefined,
): Promise<Step[] | undefined> {
  const found = await installers();
  const best = found[0];
  if (!best) {
    void window.showErrorMessage(`beadline: ${nothingToInstallWith(process.platform)}`);
    return undefined;
  }
  const way = await window.showQuickPick(ways(found, best, version, wheel), {
    title: 'Install the server of beadline',
    placeHolder: 'Into an environment of its own: from where, and how?',
    matchOnDescription: true,
  });
  if (!way) return undefined;
  const source = way.source ?? (await chooseWheel());
  return source && plan(way.installer, source, folder);
}

/** Install with progress that can be cancelled. Resolves with whether it is there now. */
export async function run(
  steps: readonly Step[],
  folder: string,
  log: LogOutputChannel,
): Promise<boolean> {
  const options = {
    location: ProgressLocation.Notification,
    title: 'beadline',
    cancellable: true,
  };
  try {
    await window.withProgress(options, (progress, token) =>
      install(steps, folder, token, {
        step: (title) => progress.report({ message: title }),
        line: (line) => {
          log.info(line);
          if (line.trim()) progress.report({ message: short(line.trim()) });
        },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof InstallCancelled) return false;
    if (!(error instanceof InstallError)) throw error;
    log.error(`The installation failed: ${error.message}`);
    void sayFailed(error.message, log);
    return false;
  }
}

/** What can be chosen, best first. Each says in a short line where the package comes from. */
export function ways(
  found: readonly Installer[],
  best: Installer,
  version: string,
  wheel: Wheel | undefined,
): Way[] {
  const shipped = wheel
    ? found.map((installer, index) => ({
        label: `With ${WAYS[installer.method]}`,
        description: index === 0 ? 'recommended' : '',
        detail: `${basename(wheel.wheel)} from ${wheel.origin}`,
        installer,
        source: { wheel: wheel.wheel },
      }))
    : [];
  const file = {
    label: wheel ? 'From another wheel file...' : 'From a wheel file...',
    description: wheel ? '' : 'recommended',
    detail: 'A wheel that you have, of a release; what it needs from beside it, else from an index',
    installer: best,
    source: undefined,
  };
  const byName = found.map((installer) => ({
    label: `From the package index, with ${WAYS[installer.method]}`,
    description: '',
    detail: `beadline ${version} from the index that ${asks(installer.method)} asks: only if you know that it is ours there`,
    installer,
    source: { version },
  }));
  return [...shipped, file, ...byName];
}

function asks(method: Method): string {
  return method === 'uv' ? 'uv' : 'pip';
}

async function chooseWheel(): Promise<Source | undefined> {
  const chosen = await window.showOpenDialog({
    title: 'The wheel of beadline',
    openLabel: 'Install',
    filters: { 'Python wheels': ['whl'] },
  });
  const file = chosen?.[0];
  return file && { wheel: file.fsPath };
}

async function sayFailed(reason: string, log: LogOutputChannel): Promise<void> {
  const text = `beadline: the installation failed: ${reason}`;
  if ((await window.showErrorMessage(text, 'Show Log')) === 'Show Log') log.show(true);
}

function short(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE - 1)}…` : line;
}
