import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { LogLevel, type LogOutputChannel } from 'vscode';
import { follow, LastWords, levelOf, NoTrace } from '../src/log';

describe('levelOf', () => {
  it('reads the level that the server wrote', () => {
    expect(levelOf('WARNING beadline.lsp.events: Ignored a malformed message.')).toBe('warn');
    expect(levelOf('ERROR beadline.lsp.server: no')).toBe('error');
    expect(levelOf('Traceback (most recent call last):')).toBe('info');
    expect(levelOf('CONSTRUCTOR x')).toBe('info');
  });
});

describe('LastWords', () => {
  it('prefers what beadline said to its user', () => {
    const words = new LastWords();
    words.add('beadline: config.toml is not valid TOML.');
    words.add('something of a library');
    expect(words.reason).toBe('config.toml is not valid TOML.');
  });

  it('is the last line where beadline said nothing', () => {
    const words = new LastWords();
    expect(words.reason).toBe('');
    words.add('ModuleNotFoundError: llama_cpp');
    words.add('  ');
    expect(words.reason).toBe('ModuleNotFoundError: llama_cpp');
    words.clear();
    expect(words.reason).toBe('');
  });
});

describe('follow', () => {
  it('writes lines by their level and remembers them', async () => {
    const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn(), debug: vi.fn() };
    const words = new LastWords();
    const stream = Readable.from(['WARNING a: one\ntw', 'o\n']);
    follow(stream, log as unknown as LogOutputChannel, words);
    await vi.waitFor(() => expect(log.info).toHaveBeenCalledWith('two'));
    expect(log.warn).toHaveBeenCalledWith('WARNING a: one');
    expect(words.reason).toBe('two');
  });
});

describe('NoTrace', () => {
  it('never asks for a trace', () => {
    expect(new NoTrace().logLevel).toBe(LogLevel.Off);
  });
});
