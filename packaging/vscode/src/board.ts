// Keeps what the server told last, over its restarts, and has the status bar and the conditions of
// commands show it. Knows no process.
import { commands, type Disposable, workspace } from 'vscode';
import type { Server } from './client';
import type { Launcher } from './launch';
import { ServerCommand, type Status } from './protocol';
import { type StatusItem, switchedOff } from './status';

export class Board implements Disposable {
  /** What the server of now told last. */
  status: Status | undefined;
  /** What the one before it told last, until the new one has been told the same. */
  private before: Status | undefined;
  private readonly listening: Disposable[];

  constructor(
    private readonly server: Server,
    private readonly launcher: Launcher,
    private readonly item: StatusItem,
  ) {
    this.listening = [
      server.onDidTellStatus((status) => this.told(status)),
      launcher.onDidChange(() => this.changed()),
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('editor.inlineSuggest')) this.show();
      }),
    ];
    this.show();
  }

  /** Whether the server can tune a model. */
  get canTune(): boolean {
    return this.launcher.state === 'running' && this.server.offers(ServerCommand.train);
  }

  dispose(): void {
    for (const listener of this.listening) listener.dispose();
  }

  private changed(): void {
    if (this.server.state !== 'running' && this.status) {
      this.before = this.status;
      this.status = undefined;
    }
    this.show();
    void commands.executeCommand('setContext', 'beadline.running', this.launcher.state === 'running');
    void commands.executeCommand('setContext', 'beadline.canTune', this.canTune);
  }

  private told(status: Status): void {
    this.status = status;
    // Who turned suggestions off does not want them back because the server was started again.
    const wish = switchedOff(this.before, status, new Date());
    this.before = undefined;
    if (wish) this.server.ask(ServerCommand[wish.command], wish.parameters).catch(() => undefined);
    this.show();
  }

  private show(): void {
    this.item.show({
      program: this.launcher.state,
      status: this.status,
      reason: this.launcher.reason,
      ghostText: workspace.getConfiguration('editor').get('inlineSuggest.enabled', true),
    });
  }
}
