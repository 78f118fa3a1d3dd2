import { beforeEach, describe, expect, it, vi } from 'vitest';
import { commands, EventEmitter, workspace } from 'vscode';
import { Board } from '../src/board';
import type { Server, ServerState } from '../src/client';
import type { Launcher } from '../src/launch';
import type { Status } from '../src/protocol';
import type { Shown, StatusItem } from '../src/status';

const READY: Status = { state: 'ready', message: 'Ready.', busy: false, kind: 'Normal' };

describe('Board', () => {
  const statuses = new EventEmitter<Status>();
  const changes = new EventEmitter<void>();
  let state: ServerState;
  let shown: Shown[];
  let board: Board;
  const ask = vi.fn(async (..._: unknown[]) => undefined);

  beforeEach(() => {
    state = 'running';
    shown = [];
    ask.mockClear();
    vi.mocked(commands.executeCommand).mockClear();
    vi.mocked(workspace.getConfiguration).mockReturnValue({
      get: (_: string, otherwise: unknown) => otherwise,
    } as never);
    const server = {
      onDidTellStatus: statuses.event,
      ask,
      offers: (command: string) => command === 'beadline.train',
      get state() {
        return state;
      },
    };
    const launcher = {
      onDidChange: changes.event,
      reason: '',
      get state() {
        return state;
      },
    };
    const item = { show: (what: Shown) => shown.push(what) };
    board = new Board(
      server as unknown as Server,
      launcher as unknown as Launcher,
      item as unknown as StatusItem,
    );
    return () => board.dispose();
  });

  function move(to: ServerState): void {
    state = to;
    changes.fire();
  }

  it('shows what the server tells', () => {
    statuses.fire(READY);
    expect(shown.at(-1)).toMatchObject({ program: 'running', status: READY, ghostText: true });
  });

  it('forgets what a server told that is gone', () => {
    statuses.fire(READY);
    move('starting');
    expect(shown.at(-1)).toMatchObject({ program: 'starting', status: undefined });
  });

  it('keeps suggestions off over a restart, once', () => {
    statuses.fire({ ...READY, state: 'off' });
    move('starting');
    move('running');
    statuses.fire({ ...READY, state: 'starting' });
    statuses.fire(READY);
    expect(ask.mock.calls).toEqual([['beadline.toggle', []]]);
  });

  it('asks for nothing after a restart where suggestions were on', () => {
    statuses.fire(READY);
    move('starting');
    move('running');
    statuses.fire(READY);
    expect(ask).not.toHaveBeenCalled();
  });

  it('has the commands hidden that cannot be run', () => {
    move('running');
    expect(commands.executeCommand).toHaveBeenCalledWith('setContext', 'beadline.running', true);
    expect(commands.executeCommand).toHaveBeenCalledWith('setContext', 'beadline.canTune', true);
    move('failed');
    expect(commands.executeCommand).toHaveBeenCalledWith('setContext', 'beadline.running', false);
    expect(commands.executeCommand).toHaveBeenCalledWith('setContext', 'beadline.canTune', false);
  });
});
