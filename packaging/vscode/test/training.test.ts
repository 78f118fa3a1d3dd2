import { beforeEach, describe, expect, it, vi } from 'vitest';
import { window } from 'vscode';
import { CancellableProgress } from '../src/training';

type Task = Parameters<typeof window.withProgress>[1];

describe('CancellableProgress', () => {
  const reports: unknown[] = [];
  const cancelled: unknown[] = [];
  let cancel: () => void;
  let ended: boolean;
  let progress: CancellableProgress;
  const next = vi.fn();

  beforeEach(() => {
    reports.length = 0;
    cancelled.length = 0;
    ended = false;
    next.mockClear();
    progress = new CancellableProgress((token) => cancelled.push(token));
    vi.mocked(window.withProgress).mockClear();
    vi.mocked(window.withProgress).mockImplementation((async (_options: unknown, task: Task) => {
      const token = {
        isCancellationRequested: false,
        onCancellationRequested: (listener: () => void) => {
          cancel = listener;
          return { dispose() {} };
        },
      };
      await task({ report: (value) => reports.push(value) }, token as never);
      ended = true;
    }) as never);
  });

  const begin = () =>
    progress.handle('t', { kind: 'begin', title: 'Tuning', cancellable: true, percentage: 0 }, next);

  it('shows progress with a button, and keeps it from the client', () => {
    begin();
    const [options] = vi.mocked(window.withProgress).mock.calls[0]!;
    expect(options).toMatchObject({ title: 'Tuning', cancellable: true });
    progress.handle('t', { kind: 'report', message: 'step 1', percentage: 30 }, next);
    progress.handle('t', { kind: 'report', percentage: 50 }, next);
    expect(reports).toContainEqual({ message: 'step 1', increment: 30 });
    expect(reports).toContainEqual({ message: 'step 1', increment: 20 });
    expect(next).not.toHaveBeenCalled();
  });

  it('tells the server when the user cancels', () => {
    begin();
    cancel();
    expect(cancelled).toEqual(['t']);
  });

  it('ends with the training, of which the client is told too', async () => {
    begin();
    progress.handle('t', { kind: 'end' }, next);
    await vi.waitFor(() => expect(ended).toBe(true));
    expect(next).toHaveBeenCalledOnce();
  });

  it('ends with the server', async () => {
    begin();
    progress.endAll();
    await vi.waitFor(() => expect(ended).toBe(true));
  });

  it('leaves all other progress to the client', () => {
    progress.handle('m', { kind: 'begin', title: 'Loading the model' }, next);
    progress.handle('m', { kind: 'report', message: 'half' }, next);
    progress.handle('m', { kind: 'end' }, next);
    expect(next).toHaveBeenCalledTimes(3);
    expect(window.withProgress).not.toHaveBeenCalled();
  });
});
