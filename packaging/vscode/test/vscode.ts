// Stands in for the module `vscode`, which only the editor has: as much of it as the tests need, kept in
// memory. A function of `window` that no test has given an answer resolves to undefined, as when the
// user chooses nothing.
import { vi } from 'vitest';

export class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => void>();

  readonly event = (listener: (value: T) => void) => {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }

  dispose(): void {
    this.listeners.clear();
  }
}

export enum LogLevel {
  Off,
  Trace,
  Debug,
  Info,
  Warning,
  Error,
}

export enum StatusBarAlignment {
  Left = 1,
  Right,
}

export enum ProgressLocation {
  SourceControl = 1,
  Window = 10,
  Notification = 15,
}

export enum ConfigurationTarget {
  Global = 1,
  Workspace,
  WorkspaceFolder,
}

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}

  isAfter(other: Position): boolean {
    return this.line > other.line || (this.line === other.line && this.character > other.character);
  }
}

export class Range {
  constructor(
    readonly start: Position,
    readonly end: Position,
  ) {}
}

export class ThemeColor {
  constructor(readonly id: string) {}
}

export class MarkdownString {
  constructor(readonly value: string) {}
}

export class Uri {
  private constructor(
    readonly scheme: string,
    readonly path: string,
  ) {}

  static from({ scheme, path }: { scheme: string; path: string }): Uri {
    return new Uri(scheme, path);
  }

  toString(): string {
    return `${this.scheme}:${this.path}`;
  }
}

const nothing = { dispose: () => {} };

export const commands = {
  executeCommand: vi.fn(async (..._: unknown[]): Promise<unknown> => undefined),
  registerCommand: vi.fn((_name: string, _handler: () => unknown) => nothing),
};

export const window = {
  activeTextEditor: undefined as unknown,
  createOutputChannel: vi.fn(),
  createStatusBarItem: vi.fn(),
  onDidChangeActiveTextEditor: vi.fn((_: unknown) => nothing),
  showErrorMessage: vi.fn(async (..._: unknown[]): Promise<unknown> => undefined),
  showInformationMessage: vi.fn(async (..._: unknown[]): Promise<unknown> => undefined),
  showOpenDialog: vi.fn(async (_: unknown): Promise<unknown> => undefined),
  showQuickPick: vi.fn(async (..._: unknown[]): Promise<unknown> => undefined),
  showTextDocument: vi.fn(async (..._: unknown[]): Promise<unknown> => undefined),
  showWorkspaceFolderPick: vi.fn(async (_: unknown): Promise<unknown> => undefined),
  withProgress: vi.fn(),
};

export const workspace = {
  workspaceFolders: undefined as unknown,
  getConfiguration: vi.fn(),
  onDidChangeConfiguration: vi.fn((_: unknown) => nothing),
  onDidCloseTextDocument: vi.fn((_: unknown) => nothing),
  openTextDocument: vi.fn(async (_: unknown): Promise<unknown> => ({})),
  registerTextDocumentContentProvider: vi.fn((..._: unknown[]) => nothing),
};
