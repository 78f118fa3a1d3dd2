// The server's process and the conversation with it: starts it, starts it again when it dies, asks it.
// Shows nothing: who cares is told of its state.
import { homedir } from 'node:os';
import {
  type CancellationToken,
  type Disposable,
  EventEmitter,
  type LogOutputChannel,
  type TextEditor,
  window,
} from 'vscode';
import {
  CloseAction,
  type CloseHandlerResult,
  ErrorAction,
  type ErrorHandler,
  type ErrorHandlerResult,
  LanguageClient,
  type LanguageClientOptions,
  type Message,
  type Middleware,
  RevealOutputChannelOn,
  State,
  TransportKind,
} from 'vscode-languageclient/node';
import { follow, LastWords, NoTrace } from './log';
import { DID_FOCUS, EXECUTE_COMMAND, STATUS, type Status } from './protocol';

/** Documents by where they live; all others are views of something (docs/protocol.md). */
const SCHEMES = ['file', 'untitled', 'vscode-notebook-cell', 'vscode-remote', 'vscode-vfs'];

/** A server that ended more often than this within the time is not started again. */
const MOST_ENDS = 4;
const ENDS_WITHIN_MS = 3 * 60_000;
/** Errors of the connection in a row that are borne. */
const MOST_ERRORS = 3;

export type ServerState = 'stopped' | 'starting' | 'running' | 'failed';

export interface Process {
  program: string;
  parameters: string[];
  /** Over the editor's own. */
  environment: Record<string, string>;
}

/** There is no server to ask. */
export class NoServer extends Error {
  constructor() {
    super('the server is not running');
  }
}

/** Logs what goes wrong and shows none of it: popups for each request are nobody's wish. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export class Server implements Disposable {
  private client: QuietClient | undefined;
  private current: ServerState = 'stopped';
  private readonly words = new LastWords();
  private readonly noTrace = new NoTrace();
  private readonly states = new EventEmitter<ServerState>();
  private readonly statuses = new EventEmitter<Status>();
  private readonly focus: Disposable;

  readonly onDidChangeState = this.states.event;
  /** The server told what it does. */
  readonly onDidTellStatus = this.statuses.event;

  constructor(
    private readonly log: LogOutputChannel,
    private readonly middleware: Middleware,
  ) {
    this.focus = window.onDidChangeActiveTextEditor((editor) => this.tellFocus(editor));
  }

  get state(): ServerState {
    return this.current;
  }

  /** Why it is not running, as far as it said so itself. */
  get reason(): string {
    return this.words.reason;
  }

  /** Start this process in place of the one that runs. Does not reject: the state tells. */
  async start({ program, parameters, environment }: Process): Promise<void> {
    await this.stop();
    this.words.clear();
    const options = {
      cwd: homedir(), // not the workspace, which is not trusted
      env: { ...process.env, ...environment },
      windowsHide: true, // unknown to the client's types, and passed on
    };
    const endings = new Endings();
    const client = new QuietClient(
      'beadline',
      'beadline',
      { command: program, args: ['serve', ...parameters], transport: TransportKind.stdio, options },
      this.clientOptions(endings),
    );
    this.client = client;
    client.onNotification(STATUS, (status: Status) => {
      if (client === this.client) this.statuses.fire(status);
    });
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) endings.running();
      if (client === this.client) this.change(stateOf(newState, endings.restarts));
    });
    try {
      await client.start();
    } catch (error) {
      this.log.error(`The server did not start: ${text(error)}`);
    }
  }

  /** End the process; what comes of it afterwards is told to nobody. */
  async stop(): Promise<void> {
    const client = this.client;
    if (!client) return;
    this.client = undefined;
    this.change('stopped');
    if (client.state === State.Starting) {
      // A client that is starting cannot be stopped; one that waits for an answer may wait forever.
      client.serverProcess?.kill();
      await client.start().catch(() => undefined);
    }
    try {
      await client.dispose();
    } catch (error) {
      this.log.info(`The server did not end as it should: ${text(error)}`);
    }
  }

  /** Whether the server has a command. */
  offers(command: string): boolean {
    const provider = this.client?.initializeResult?.capabilities.executeCommandProvider;
    return provider?.commands.includes(command) ?? false;
  }

  /** Run a command of the server. Rejects with `NoServer`, or with what the server says is wrong. */
  async ask<T>(command: string, parameters: unknown[] = [], token?: CancellationToken): Promise<T> {
    if (!this.client?.isRunning()) throw new NoServer();
    const asked = { command, arguments: parameters };
    // Not with a token that is undefined: the connection would take it for a second parameter.
    return token
      ? this.client.sendRequest<T>(EXECUTE_COMMAND, asked, token)
      : this.client.sendRequest<T>(EXECUTE_COMMAND, asked);
  }

  /** Send a notification; nothing when there is no server. */
  tell(method: string, params: object): void {
    if (!this.client?.isRunning()) return;
    this.client.sendNotification(method, params).catch((error: unknown) => {
      this.log.info(`${method} was not sent: ${text(error)}`);
    });
  }

  dispose(): void {
    this.focus.dispose();
    void this.stop().then(() => {
      this.states.dispose();
      this.statuses.dispose();
      this.noTrace.dispose();
    });
  }

  private clientOptions(errorHandler: ErrorHandler): LanguageClientOptions {
    return {
      documentSelector: SCHEMES.map((scheme) => ({ scheme })),
      outputChannel: this.log,
      traceOutputChannel: this.noTrace,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler,
      middleware: this.middleware,
      stdioOptions: {
        stdout: () => {}, // it carries the protocol
        stderr: (stream, log) => follow(stream, log, this.words),
      },
    };
  }

  private change(state: ServerState): void {
    if (state === this.current) return;
    this.current = state;
    this.states.fire(state);
  }

  private tellFocus(editor: TextEditor | undefined): void {
    const uri = editor?.document.uri;
    const served = uri !== undefined && SCHEMES.includes(uri.scheme);
    this.tell(DID_FOCUS, served ? { textDocument: { uri: uri.toString() } } : {});
  }
}

/** Decides for one client what happens when its process ends. */
class Endings implements ErrorHandler {
  /** Whether the process that ended last is started again. */
  restarts = false;
  private ran = false;
  private ends: number[] = [];

  running(): void {
    this.ran = true;
  }

  error(_error: Error, _message: Message | undefined, count: number | undefined): ErrorHandlerResult {
    const borne = count !== undefined && count <= MOST_ERRORS;
    return { action: borne ? ErrorAction.Continue : ErrorAction.Shutdown, handled: true };
  }

  closed(): CloseHandlerResult {
    const now = Date.now();
    this.ends = [...this.ends.filter((end) => now - end < ENDS_WITHIN_MS), now];
    // One that never came to run would not the next time either.
    this.restarts = this.ran && this.ends.length <= MOST_ENDS;
    this.ran = false;
    return { action: this.restarts ? CloseAction.Restart : CloseAction.DoNotRestart, handled: true };
  }
}

/** What the client's states mean here. */
function stateOf(state: State, restarts: boolean): ServerState {
  switch (state) {
    case State.Starting:
      return 'starting';
    case State.Running:
      return 'running';
    case State.StartFailed:
      return 'failed';
    case State.Stopped: // nobody stopped it: it ended by itself
      return restarts ? 'starting' : 'failed';
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
