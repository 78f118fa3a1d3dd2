import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EventEmitter, type LogOutputChannel, window } from 'vscode';
import type { Process, Server, ServerState } from '../src/client';
import { find, ProgramError } from '../src/find';
import { Launcher } from '../src/launch';
import type { Settings, Start } from '../src/settings';
import type { ProgramState } from '../src/status';

vi.mock('../src/find', () => ({ find: vi.fn(), ProgramError: class ProgramError extends Error {} }));

const PROGRAM = { path: '/opt/beadline', version: '1.0' };

class FakeServer {
  readonly states = new EventEmitter<ServerState>();
  readonly onDidChangeState = this.states.event;
  readonly started: Process[] = [];
  state: ServerState = 'stopped';
  reason = '';

  async start(process: Process): Promise<void> {
    this.started.push(process);
    this.move('running');
  }

  async stop(): Promise<void> {
    if (this.state !== 'stopped') this.move('stopped');
  }

  move(state: ServerState): void {
    this.state = state;
    this.states.fire(state);
  }
}

describe('Launcher', () => {
  let server: FakeServer;
  let start: Start;
  let launcher: Launcher;
  const log = { info: vi.fn(), error: vi.fn(), show: vi.fn() };

  beforeEach(() => {
    server = new FakeServer();
    start = { path: '', extraArguments: [], environment: {} };
    const settings = { start: () => structuredClone(start) } as Settings;
    launcher = new Launcher(
      server as unknown as Server,
      settings,
      log as unknown as LogOutputChannel,
      '/storage/server',
    );
    vi.mocked(find).mockReset();
    vi.mocked(find).mockResolvedValue(PROGRAM);
    vi.mocked(window.showErrorMessage).mockClear();
  });

  it('starts what it finds, with the settings of the user', async () => {
    start.extraArguments = ['--trace', 'x'];
    start.environment = { BEADLINE_ENGINE__MODEL: 'm' };
    await launcher.start();
    expect(find).toHaveBeenCalledWith('', '/storage/server');
    expect(server.started).toEqual([
      { program: '/opt/beadline', parameters: ['--trace', 'x'], environment: start.environment },
    ]);
    expect(launcher.state).toBe('running');
  });

  it('starts the server again when a setting of its process changes, and only then', async () => {
    await launcher.start();
    await launcher.settingsChanged();
    expect(server.started).toHaveLength(1);
    start.environment = { BEADLINE_ENGINE__MODEL: 'other' };
    await launcher.settingsChanged();
    await launcher.settingsChanged();
    expect(server.started).toHaveLength(2);
  });

  it('is missing where nothing is found, and starts what is installed then', async () => {
    vi.mocked(find).mockResolvedValueOnce(undefined);
    await launcher.start();
    expect(launcher.state).toBe('missing');
    const seen: ProgramState[] = [];
    await launcher.whileStopped(async () => {
      seen.push(launcher.state);
    });
    expect(seen).toEqual(['installing']);
    expect(launcher.state).toBe('running');
  });

  it('has a server again where an installation fails', async () => {
    await launcher.start();
    const installing = launcher.whileStopped(async () => {
      throw new Error('no');
    });
    await expect(installing).rejects.toThrow('no');
    expect(launcher.state).toBe('running');
  });

  it('says what is wrong with the program that the user named', async () => {
    vi.mocked(find).mockRejectedValueOnce(new ProgramError('/x is not a program'));
    await launcher.start();
    expect(launcher.state).toBe('failed');
    expect(launcher.reason).toContain('/x is not a program');
    expect(window.showErrorMessage).toHaveBeenCalledOnce();
    expect(server.started).toEqual([]);
  });

  it('says why a server does not run', async () => {
    await launcher.start();
    server.reason = 'config.toml is not valid TOML.';
    server.move('failed');
    expect(launcher.reason).toBe('config.toml is not valid TOML.');
    const [message] = vi.mocked(window.showErrorMessage).mock.calls[0]!;
    expect(message).toContain('config.toml is not valid TOML.');
  });

  it('does one thing after the other', async () => {
    const all = [launcher.start(), launcher.start(), launcher.settingsChanged()];
    await Promise.all(all);
    expect(server.started).toHaveLength(2);
    expect(launcher.state).toBe('running');
  });
});
