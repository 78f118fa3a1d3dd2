// From the settings to a running server: finds the program, starts it, starts it again when settings of
// the process change, and says what to do where that fails. Knows no suggestion.
import { commands, type Disposable, EventEmitter, type LogOutputChannel, window } from 'vscode';
import type { Server } from './client';
import { find, type Program, ProgramError } from './find';
import type { Settings } from './settings';
import type { ProgramState } from './status';

/** States that are not the server's own. */
type Own = Exclude<ProgramState, 'running' | 'stopped'>;

export class Launcher implements Disposable {
  private own: Own | undefined;
  private problem = '';
  private found: Program | undefined;
  /** The settings of the last start, as JSON. */
  private startedWith = '';
  /** What was asked for last; everything is done in turn. */
  private turn: Promise<void> = Promise.resolve();
  private readonly changes = new EventEmitter<void>();
  private readonly listening: Disposable;

  readonly onDidChange = this.changes.event;

  /** `folder`: the environment that the extension may have made. */
  constructor(
    private readonly server: Server,
    private readonly settings: Settings,
    private readonly log: LogOutputChannel,
    readonly folder: string,
  ) {
    this.listening = server.onDidChangeState((state) => {
      this.changes.fire();
      if (state === 'failed') void this.sayFailed(server.reason);
    });
  }

  get state(): ProgramState {
    return this.own ?? this.server.state;
  }

  /** Why there is no server. */
  get reason(): string {
    if (this.own) return this.problem;
    return this.server.state === 'failed' ? this.server.reason : '';
  }

  /** The program that was started last. */
  get program(): Program | undefined {
    return this.found;
  }

  /** Start the server, in place of the one that may run; resolves when it runs, or does not. */
  start(): Promise<void> {
    return this.inTurn(() => this.launch());
  }

  /** Settings changed: a server that was started with others is started again. */
  settingsChanged(): Promise<void> {
    return this.inTurn(async () => {
      if (JSON.stringify(this.settings.start()) !== this.startedWith) await this.launch();
    });
  }

  /** Run an installation, with no server in its way, and start what was installed. */
  whileStopped(install: () => Promise<void>): Promise<void> {
    return this.inTurn(async () => {
      await this.server.stop();
      this.set('installing');
      try {
        await install();
      } finally {
        await this.launch();
      }
    });
  }

  dispose(): void {
    this.listening.dispose();
    this.changes.dispose();
  }

  private inTurn(task: () => Promise<void>): Promise<void> {
    const done = this.turn.then(task);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async launch(): Promise<void> {
    const start = this.settings.start();
    this.startedWith = JSON.stringify(start);
    await this.server.stop();
    this.set('starting');
    try {
      this.found = await find(start.path, this.folder);
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      this.found = undefined;
      this.set('failed', `beadline.client.path: ${error.message}.`);
      void this.sayWrongPath();
      return;
    }
    if (!this.found) {
      this.log.info('There is no program beadline on this machine.');
      this.set('missing');
      return;
    }
    const { path, version } = this.found;
    this.log.info(`Starting ${path} (beadline ${version}).`);
    this.set(undefined);
    await this.server.start({
      program: path,
      parameters: start.extraArguments,
      environment: start.environment,
    });
  }

  private set(own: Own | undefined, problem = ''): void {
    this.own = own;
    this.problem = problem;
    if (problem) this.log.error(problem);
    this.changes.fire();
  }

  private async sayWrongPath(): Promise<void> {
    const answer = await window.showErrorMessage(`beadline: ${this.problem}`, 'Open Settings');
    if (answer) {
      await commands.executeCommand('workbench.action.openSettings', 'beadline.client.path');
    }
  }

  private async sayFailed(reason: string): Promise<void> {
    const answer = await window.showErrorMessage(
      `beadline: the server does not run${reason ? `: ${reason}` : '.'}`,
      'Restart',
      'Check This Machine',
      'Show Log',
    );
    if (answer === 'Restart') await this.start();
    if (answer === 'Check This Machine') await commands.executeCommand('beadline.client.doctor');
    if (answer === 'Show Log') this.log.show(true);
  }
}
