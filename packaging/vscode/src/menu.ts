// What a click on the status bar offers, by what is possible now. Knows no server.
import { type QuickPickItem, window } from 'vscode';
import type { Status } from './protocol';
import type { ProgramState } from './status';

export interface Entry extends QuickPickItem {
  command: string;
}

export interface Situation {
  program: ProgramState;
  status?: Status;
  /** Whether the server can tune a model. */
  canTune: boolean;
}

/** The entries, most wanted first. */
export function entries({ program, status, canTune }: Situation): Entry[] {
  const found: Entry[] = [];
  const add = (command: string, label: string, description = '') => {
    found.push({ command: `beadline.client.${command}`, label, description });
  };
  if (program === 'missing') add('install', '$(cloud-download) Install the server...');
  if (program === 'running') {
    const off = status?.state === 'off' || status?.state === 'snoozed';
    add('toggle', off ? '$(play) Turn suggestions on' : '$(circle-slash) Turn suggestions off');
    if (status?.state !== 'off') {
      add('snooze', '$(bell-slash) Snooze...', status?.state === 'snoozed' ? status.message : '');
    }
  }
  add('chooseModel', '$(server-environment) Choose model...', status?.model);
  if (program === 'running') {
    add('showPrompt', '$(eye) Show the prompt behind the last suggestion');
    add('indexStatus', '$(database) Show index status');
    if (canTune) add('tune', '$(beaker) Tune the model on this repository...');
    add('statistics', '$(graph) Show statistics');
  }
  add('doctor', '$(pulse) Check this machine (doctor)');
  add('showLog', '$(output) Show log');
  if (program !== 'missing' && program !== 'installing') {
    add('restart', '$(debug-restart) Restart the server');
    add('install', '$(cloud-download) Install the server again...');
  }
  return found;
}

/** Let the user choose; the command of the entry. */
export async function choose(situation: Situation): Promise<string | undefined> {
  const chosen = await window.showQuickPick(entries(situation), {
    title: 'beadline',
    placeHolder: situation.status?.message,
  });
  return chosen?.command;
}
