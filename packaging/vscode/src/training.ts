// Tuning the model on a workspace folder: the question before it, and its progress, which is shown where
// it can be cancelled. Knows no trainer; the server runs it.
import { type Progress, ProgressLocation, window, workspace, type WorkspaceFolder } from 'vscode';
import type {
  ProgressToken,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from 'vscode-languageclient/node';

type Told = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

interface Shown {
  report(told: WorkDoneProgressReport): void;
  end(): void;
}

/**
 * Progress that can be cancelled, as notifications with a button for that.
 *
 * The language client shows all progress in the status bar, where nothing can be cancelled.
 */
export class CancellableProgress {
  private readonly shown = new Map<ProgressToken, Shown>();

  /** `cancel` is called with the token of what the user does not want any more. */
  constructor(private readonly cancel: (token: ProgressToken) => void) {}

  /** A piece of progress has come; `next` leaves it to the language client. */
  handle(token: ProgressToken, told: Told, next: () => void): void {
    if (told.kind === 'begin' && told.cancellable) {
      this.shown.set(token, this.show(token, told));
      return;
    }
    const shown = this.shown.get(token);
    if (shown && told.kind === 'report') {
      shown.report(told);
      return;
    }
    if (shown && told.kind === 'end') {
      this.shown.delete(token);
      shown.end();
    }
    next(); // an end is the client's too: it forgets the token then
  }

  /** The server has gone, and with it what it did. */
  endAll(): void {
    for (const shown of this.shown.values()) shown.end();
    this.shown.clear();
  }

  private show(token: ProgressToken, begin: WorkDoneProgressBegin): Shown {
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const display = new Display();
    const options = {
      location: ProgressLocation.Notification,
      title: begin.title,
      cancellable: true,
    };
    void window.withProgress(options, async (progress, cancelled) => {
      cancelled.onCancellationRequested(() => this.cancel(token));
      display.open(progress);
      await ended;
    });
    display.report(begin);
    return { report: (told) => display.report(told), end };
  }
}

/** Turns the protocol's percentages into VS Code's increments; keeps the newest until it is open. */
class Display {
  private progress: Progress<{ message?: string; increment?: number }> | undefined;
  private message: string | undefined;
  private reached = 0;
  private shown = 0;

  open(progress: Progress<{ message?: string; increment?: number }>): void {
    this.progress = progress;
    this.write();
  }

  report({ message, percentage }: { message?: string; percentage?: number }): void {
    this.message = message ?? this.message;
    this.reached = Math.max(this.reached, Math.min(percentage ?? 0, 100));
    this.write();
  }

  private write(): void {
    if (!this.progress) return;
    const increment = this.reached - this.shown;
    this.shown = this.reached;
    this.progress.report({ message: this.message, increment: increment || undefined });
  }
}

/** Ask which folder is meant, and whether; undefined when none is. */
export async function chooseFolder(): Promise<WorkspaceFolder | undefined> {
  const folders = workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    void window.showInformationMessage(
      'beadline: open the folder of a repository to tune the model on it.',
    );
    return undefined;
  }
  const folder =
    folders.length === 1
      ? folders[0]
      : await window.showWorkspaceFolderPick({ placeHolder: 'Tune the model on which folder?' });
  if (!folder) return undefined;
  const answer = await window.showInformationMessage(
    `Tune the model on ${folder.name}?`,
    {
      modal: true,
      detail:
        'It takes minutes to hours and gives way to your typing. Everything stays on this machine. ' +
        'The tuned model serves this repository only, and only if it is better there.',
    },
    'Tune',
  );
  return answer === 'Tune' ? folder : undefined;
}
