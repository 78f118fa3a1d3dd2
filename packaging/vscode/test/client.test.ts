import { homedir } from 'node:os';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LogLevel, type LogOutputChannel } from 'vscode';
import { NoServer, Server, type ServerState } from '../src/client';
import type { Status } from '../src/protocol';

const fake = vi.hoisted(() => {
  const State = { Stopped: 1, Running: 2, Starting: 3, StartFailed: 4 };

  /** The language client as the server sees it; tests move its state. */
  class LanguageClient {
    static made: LanguageClient[] = [];
    /** Whether processes end before they answer. */
    static fails = false;
    state = State.Stopped;
    initializeResult: unknown;
    serverProcess = { kill: vi.fn() };
    sendRequest = vi.fn(async (..._: unknown[]): Promise<unknown> => ({ state: 'off' }));
    sendNotification = vi.fn(async (..._: unknown[]) => {});
    dispose = vi.fn(async () => {});
    handlers = new Map<string, (params: unknown) => void>();
    private listeners: ((event: { newState: number }) => void)[] = [];

    constructor(
      readonly id: string,
      readonly name: string,
      readonly run: any,
      readonly options: any,
    ) {
      LanguageClient.made.push(this);
    }

    onDidChangeState(listener: (event: { newState: number }) => void): void {
      this.listeners.push(listener);
    }

    onNotification(method: string, handler: (params: unknown) => void): void {
      this.handlers.set(method, handler);
    }

    isRunning(): boolean {
      return this.state === State.Running;
    }

    error(): void {}

    async start(): Promise<void> {
      this.move(State.Starting);
      if (LanguageClient.fails) {
        this.end();
        throw new Error('it ended');
      }
      this.move(State.Running);
    }

    move(state: number): void {
      this.state = state;
      for (const listener of this.listeners) listener({ newState: state });
    }

    /** The process ends by itself, and the client does what the error handler says. */
    end(): number {
      const { action } = this.options.errorHandler.closed();
      const failed = this.state === State.Starting;
      if (action === 2) {
        this.move(State.Stopped);
        this.move(State.Starting);
        this.move(State.Running);
      } else {
        this.move(failed ? State.StartFailed : State.Stopped);
      }
      return action;
    }
  }

  return { State, LanguageClient };
});

vi.mock('vscode-languageclient/node', () => ({
  CloseAction: { DoNotRestart: 1, Restart: 2 },
  ErrorAction: { Continue: 1, Shutdown: 2 },
  LanguageClient: fake.LanguageClient,
  RevealOutputChannelOn: { Never: 4 },
  State: fake.State,
  TransportKind: { stdio: 0 },
}));

const START = { program: '/opt/beadline', parameters: ['--trace', 'x'], environment: { BEADLINE_A__B: '1' } };

describe('Server', () => {
  let server: Server;
  let states: ServerState[];
  const log = { info: vi.fn(), error: vi.fn() };
  const client = () => fake.LanguageClient.made.at(-1)!;

  beforeEach(() => {
    fake.LanguageClient.made.length = 0;
    fake.LanguageClient.fails = false;
    states = [];
    server = new Server(log as unknown as LogOutputChannel, {});
    server.onDidChangeState((state) => states.push(state));
  });

  it('starts the program outside of the workspace, with the user’s settings in its environment', async () => {
    await server.start(START);
    const { command, args, options } = client().run;
    expect([command, ...args]).toEqual(['/opt/beadline', 'serve', '--trace', 'x']);
    expect(options.cwd).toBe(homedir());
    expect(options.env).toMatchObject({ BEADLINE_A__B: '1', PATH: process.env.PATH });
    expect(states).toEqual(['starting', 'running']);
  });

  it('never traces messages, which hold source text', async () => {
    await server.start(START);
    expect(client().options.traceOutputChannel.logLevel).toBe(LogLevel.Off);
  });

  it('starts a server again that was killed', async () => {
    await server.start(START);
    expect(client().end()).toBe(2);
    expect(server.state).toBe('running');
    expect(states).toEqual(['starting', 'running', 'starting', 'running']);
  });

  it('gives a server up that ends again and again', async () => {
    await server.start(START);
    const actions = Array.from({ length: 5 }, () => client().end());
    expect(actions).toEqual([2, 2, 2, 2, 1]);
    expect(server.state).toBe('failed');
  });

  it('does not try again what never came to run', async () => {
    fake.LanguageClient.fails = true;
    await server.start(START);
    expect(states).toEqual(['starting', 'failed']);
  });

  it('tells nothing of a server that was stopped', async () => {
    await server.start(START);
    const stopped = client();
    const statuses: Status[] = [];
    server.onDidTellStatus((status) => statuses.push(status));
    await server.stop();
    stopped.move(fake.State.Stopped);
    stopped.handlers.get('beadline/status')!({ state: 'ready' });
    expect(states.at(-1)).toBe('stopped');
    expect(statuses).toEqual([]);
    expect(stopped.dispose).toHaveBeenCalledOnce();
  });

  it('kills a server that does not get beyond its start', async () => {
    await server.start(START);
    const stuck = client();
    stuck.state = fake.State.Starting;
    stuck.start = vi.fn(async () => Promise.reject(new Error('killed')));
    await server.stop();
    expect(stuck.serverProcess.kill).toHaveBeenCalledOnce();
    expect(server.state).toBe('stopped');
  });

  it('passes on what the server tells', async () => {
    const statuses: Status[] = [];
    server.onDidTellStatus((status) => statuses.push(status));
    await server.start(START);
    client().handlers.get('beadline/status')!({ state: 'ready' });
    expect(statuses).toEqual([{ state: 'ready' }]);
  });

  it('asks with the command and its parameters alone', async () => {
    await server.start(START);
    await server.ask('beadline.snooze', [5]);
    expect(client().sendRequest.mock.calls).toEqual([
      ['workspace/executeCommand', { command: 'beadline.snooze', arguments: [5] }],
    ]);
  });

  it('says so when there is nobody to ask', async () => {
    await expect(server.ask('beadline.status')).rejects.toThrow(NoServer);
    server.tell('textDocument/didFocus', {});
    expect(fake.LanguageClient.made).toEqual([]);
  });

  it('knows which commands the server has', async () => {
    await server.start(START);
    expect(server.offers('beadline.train')).toBe(false);
    client().initializeResult = {
      capabilities: { executeCommandProvider: { commands: ['beadline.train'] } },
    };
    expect(server.offers('beadline.train')).toBe(true);
  });
});
