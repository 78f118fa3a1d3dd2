// What the status bar says: state, model, last latency. Knows no server; it is told.
import {
  type Disposable,
  MarkdownString,
  StatusBarAlignment,
  type StatusBarItem,
  ThemeColor,
  window,
} from 'vscode';
import type { ServerState } from './client';
import type { Status } from './protocol';

/** State of the program, where it is not the server's to tell. */
export type ProgramState = ServerState | 'missing' | 'installing';

export interface Shown {
  program: ProgramState;
  /** What the server told last; undefined while there is none. */
  status?: Status;
  /** Why there is no server. */
  reason?: string;
  /** Whether the editor shows ghost text at all (`editor.inlineSuggest.enabled`). */
  ghostText: boolean;
}

export interface Description {
  text: string;
  tooltip: string;
  /** For screen readers, and beginning with the state: `beadline: ready`. */
  label: string;
  background?: 'error' | 'warning';
}

const LONGEST_NAME = 24;

const ICONS: Record<ProgramState | Status['state'], string> = {
  stopped: 'circle-slash',
  starting: 'loading~spin',
  running: 'loading~spin',
  failed: 'error',
  missing: 'cloud-download',
  installing: 'loading~spin',
  ready: 'symbol-snippet',
  working: 'sync~spin',
  off: 'circle-slash',
  snoozed: 'bell-slash',
  error: 'error',
};

const SENTENCES: Record<ProgramState, string> = {
  stopped: 'The server is stopped.',
  starting: 'The server is starting.',
  running: 'The server is running.',
  failed: 'The server does not run.',
  missing: 'The server is not installed on this machine.',
  installing: 'The server is being installed.',
};

/** The item for what is known. */
export function describe({ program, status, reason, ghostText }: Shown): Description {
  const told = program === 'running' ? status : undefined;
  const state = told?.state ?? (program === 'running' ? 'starting' : program);
  const lines = [told?.message ?? SENTENCES[program]];
  if (!told && reason) lines.push(reason);
  if (told?.adapter) lines.push(`Tuned: ${told.adapter}.`);
  if (told?.refused) lines.push(told.refused);
  if (told?.latencyMs !== undefined) lines.push(`Last answer: ${milliseconds(told.latencyMs)}.`);
  if (!ghostText) {
    lines.push('The editor shows no suggestions: `editor.inlineSuggest.enabled` is off.');
  }
  return {
    text: `$(${ICONS[state]}) ${wordsOf(told, state)}`,
    tooltip: lines.join('\n\n'),
    label: `beadline: ${state}. ${lines.join(' ')}`,
    background: backgroundOf(state),
  };
}

/** The model while it serves, with the time of its last answer; else the state. */
function wordsOf(told: Status | undefined, state: ProgramState | Status['state']): string {
  if (told?.state !== 'ready' && told?.state !== 'working') return `beadline: ${state}`;
  const { latencyMs } = told;
  const name = nameOf(told);
  return latencyMs === undefined ? name : `${name} ${milliseconds(latencyMs)}`;
}

/** What to ask of a new server so that it suggests nothing where the last one was told so: its command
 * and parameters. */
export function switchedOff(last: Status | undefined, now: Status, time: Date): SwitchOff | undefined {
  if (now.state === 'off' || now.state === 'snoozed') return undefined;
  if (last?.state === 'off') return { command: 'toggle', parameters: [] };
  if (last?.state !== 'snoozed' || !last.until) return undefined;
  const minutes = (new Date(last.until).getTime() - time.getTime()) / 60_000;
  return minutes > 0 ? { command: 'snooze', parameters: [minutes] } : undefined;
}

export interface SwitchOff {
  command: 'toggle' | 'snooze';
  parameters: number[];
}

function backgroundOf(state: ProgramState | Status['state']): Description['background'] {
  if (state === 'failed' || state === 'error') return 'error';
  return state === 'missing' ? 'warning' : undefined;
}

function nameOf({ model, adapter }: Status): string {
  const name = (model ?? 'beadline').replace(/\.gguf$/i, '').split(/[\\/]/).at(-1)!;
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
  return adapter ? `${short}+` : short;
}

function milliseconds(value: number): string {
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

/** The item itself; a click opens the menu. */
export class StatusItem implements Disposable {
  private readonly item: StatusBarItem;

  constructor(command: string) {
    this.item = window.createStatusBarItem('beadline.status', StatusBarAlignment.Right, 100);
    this.item.name = 'beadline';
    this.item.command = command;
    this.item.show();
  }

  show(shown: Shown): void {
    const { text, tooltip, label, background } = describe(shown);
    this.item.text = text;
    this.item.tooltip = new MarkdownString(tooltip);
    this.item.accessibilityInformation = { label };
    this.item.backgroundColor = background && new ThemeColor(`statusBarItem.${background}Background`);
  }

  dispose(): void {
    this.item.dispose();
  }
}
