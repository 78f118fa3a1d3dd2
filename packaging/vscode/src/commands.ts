// The client's commands, by name. What they need done is done elsewhere.
import {
  commands,
  type Disposable,
  type LogOutputChannel,
  ProgressLocation,
  type QuickPickItem,
  window,
} from 'vscode';
import { ACCEPT_LINE, ACCEPT_WORD, type Acceptance } from './accept';
import type { Board } from './board';
import type { Server } from './client';
import { examine } from './doctor';
import type { Launcher } from './launch';
import { choose } from './menu';
import { chooseModel } from './models';
import { findWheel, PackageError, type Wheel } from './package';
import { describePrompt } from './prompt';
import {
  type DoctorReport,
  type IndexStatus,
  type LastPrompt,
  type Models,
  ServerCommand,
  type Statistics,
  type Status,
} from './protocol';
import type { Reports } from './report';
import type { Settings } from './settings';
import { choosePlan, run } from './setup';
import { describeDoctor, describeIndex, describeStatistics } from './tables';
import { chooseFolder } from './training';

const SNOOZE_MINUTES = [5, 15, 30, 60, 120, 480];

export interface Parts {
  server: Server;
  launcher: Launcher;
  board: Board;
  acceptance: Acceptance;
  reports: Reports;
  settings: Settings;
  log: LogOutputChannel;
  /** The extension's folder. */
  extension: string;
  /** Version of the extension, and of the server that it installs. */
  version: string;
}

/** Register all of them. */
export function register(parts: Parts): Disposable[] {
  const { server, launcher, acceptance, log } = parts;
  const all: Record<string, () => unknown> = {
    menu: () => menu(parts),
    toggle: () => server.ask<Status>(ServerCommand.toggle),
    snooze: () => snooze(parts),
    chooseModel: () => model(server),
    indexStatus: () => indexStatus(parts),
    tune: () => tune(server),
    showPrompt: () => showPrompt(parts),
    statistics: () => statistics(parts),
    showLog: () => log.show(true),
    doctor: () => doctor(parts),
    install: () => installServer(parts),
    restart: () => launcher.start(),
    acceptWord: () => acceptance.accept(ACCEPT_WORD),
    acceptLine: () => acceptance.accept(ACCEPT_LINE),
  };
  return Object.entries(all).map(([name, handler]) =>
    commands.registerCommand(`beadline.client.${name}`, () => guarded(name, handler, log)),
  );
}

/** Ask how to install the server, do it, and start it. */
async function installServer(parts: Parts): Promise<void> {
  const { launcher, log, version } = parts;
  const { folder } = launcher;
  const steps = await choosePlan(version, folder, await theWheel(parts));
  if (!steps) return;
  let installed = false;
  await launcher.whileStopped(async () => {
    installed = await run(steps, folder, log);
  });
  if (installed && launcher.state === 'missing') {
    void window.showErrorMessage(
      'beadline: it is installed, but its program was not found. ' +
        'Name it in the setting beadline.client.path.',
    );
  }
}

async function theWheel({ settings, extension, version }: Parts): Promise<Wheel | undefined> {
  try {
    return await findWheel(settings.package(), extension, version);
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    throw new Error(`beadline.client.package: ${error.message}.`);
  }
}

/** Run a command; what goes wrong is said in a sentence. */
async function guarded(name: string, handler: () => unknown, log: LogOutputChannel): Promise<void> {
  try {
    await handler();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.error(`beadline.client.${name}: ${reason}`);
    const answer = await window.showErrorMessage(`beadline: ${reason}`, 'Show Log');
    if (answer) log.show(true);
  }
}

async function menu({ launcher, board }: Parts): Promise<void> {
  const { status, canTune } = board;
  const command = await choose({ program: launcher.state, status, canTune });
  if (command) await commands.executeCommand(command);
}

async function snooze({ server, board }: Parts): Promise<void> {
  type Item = QuickPickItem & { minutes: number };
  const items: Item[] = SNOOZE_MINUTES.map((minutes) => ({ label: duration(minutes), minutes }));
  if (board.status?.state === 'snoozed') {
    items.unshift({ label: 'End the snooze', description: board.status.message, minutes: 0 });
  }
  const chosen = await window.showQuickPick(items, { title: 'No suggestions for how long?' });
  if (chosen) await server.ask<Status>(ServerCommand.snooze, [chosen.minutes]);
}

async function model(server: Server): Promise<void> {
  const runs = server.state === 'running';
  await chooseModel(runs ? await server.ask<Models>(ServerCommand.models) : undefined);
}

async function indexStatus({ server, reports }: Parts): Promise<void> {
  const found = await server.ask<IndexStatus>(ServerCommand.indexStatus);
  await reports.show('Index of the workspace', describeIndex(found));
}

async function statistics({ server, reports }: Parts): Promise<void> {
  const found = await server.ask<Statistics>(ServerCommand.statistics);
  await reports.show('Statistics of beadline', describeStatistics(found));
}

async function tune(server: Server): Promise<void> {
  const folder = await chooseFolder();
  if (folder) await server.ask<Status>(ServerCommand.train, [folder.uri.toString()]);
}

async function showPrompt({ server, reports }: Parts): Promise<void> {
  const uri = window.activeTextEditor?.document.uri.toString();
  const ask = (parameters: string[]) =>
    server.ask<LastPrompt | null>(ServerCommand.lastPrompt, parameters);
  // Where this document has had none, the last one of all is better than nothing.
  const found = (uri && (await ask([uri]))) || (await ask([]));
  if (found) {
    await reports.show('Prompt behind the last suggestion', describePrompt(found));
  } else {
    void window.showInformationMessage('beadline: there has been no suggestion yet.');
  }
}

async function doctor({ server, launcher, reports, settings }: Parts): Promise<void> {
  const { program } = launcher;
  if (!program) {
    throw new Error(launcher.reason || 'the server is not installed on this machine');
  }
  const options = {
    location: ProgressLocation.Notification,
    title: 'beadline: checking this machine',
    cancellable: true,
  };
  const found = await window.withProgress(options, async (_, token) => {
    try {
      return server.state === 'running'
        ? await server.ask<DoctorReport>(ServerCommand.doctor, [], token)
        : await examine(program.path, settings.start().environment, token);
    } catch (error) {
      if (token.isCancellationRequested) return undefined;
      throw error;
    }
  });
  if (found) await reports.show('Doctor of beadline', describeDoctor(found));
}

function duration(minutes: number): string {
  if (minutes < 60) return `${minutes} minutes`;
  return minutes === 60 ? '1 hour' : `${minutes / 60} hours`;
}
