// The output channel: what the server writes on standard error goes into it by its level. No message
// between client and server ever does: messages hold source text. Knows no server.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { EventEmitter, LogLevel, type LogOutputChannel, window } from 'vscode';

/** Lines that are kept to explain why a server ended. */
const MOST_LINES = 20;

export function createLog(): LogOutputChannel {
  return window.createOutputChannel('beadline', { log: true });
}

/**
 * Takes the language client's trace of messages and keeps nothing of it.
 *
 * A trace is asked for by the level of its channel and, from there on, by a setting that a workspace
 * may write; this channel's level is off and stays so.
 */
export class NoTrace implements LogOutputChannel {
  readonly name = 'beadline (no trace)';
  readonly logLevel = LogLevel.Off;
  private readonly levels = new EventEmitter<LogLevel>();
  readonly onDidChangeLogLevel = this.levels.event;

  append(): void {}
  appendLine(): void {}
  replace(): void {}
  clear(): void {}
  show(): void {}
  hide(): void {}
  trace(): void {}
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(): void {}

  dispose(): void {
    this.levels.dispose();
  }
}

type Write = 'debug' | 'info' | 'warn' | 'error';

const LEVELS: Record<string, Write> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'error',
};

/** The level of a line of the server, which begins with a name of Python's `logging`. */
export function levelOf(line: string): Write {
  return LEVELS[/^([A-Z]+) /.exec(line)?.[1] ?? ''] ?? 'info';
}

/** The last lines that a server wrote on standard error. */
export class LastWords {
  private lines: string[] = [];

  add(line: string): void {
    if (line.trim()) this.lines = [...this.lines, line.trim()].slice(-MOST_LINES);
  }

  clear(): void {
    this.lines = [];
  }

  /** The line that says most: the last one that beadline itself wrote for its user, else the last. */
  get reason(): string {
    const own = this.lines.filter((line) => line.startsWith('beadline: '));
    return (own.at(-1) ?? this.lines.at(-1) ?? '').replace(/^beadline: /, '');
  }
}

/** Write every line of a stream into the log, and remember the last ones. */
export function follow(stream: Readable, log: LogOutputChannel, words: LastWords): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
    words.add(line);
    log[levelOf(line)](line);
  });
}
