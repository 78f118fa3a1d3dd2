import { describe, expect, it } from 'vitest';
import { code, fenced, size, table } from '../src/markdown';
import { items } from '../src/models';
import { describePrompt } from '../src/prompt';
import type { Counts, LastPrompt, Model, Statistics } from '../src/protocol';
import { describeDoctor, describeIndex, describeStatistics } from '../src/tables';

/** With no more blanks in a table than it needs. */
const unfilled = (text: string) => text.replace(/ +/g, ' ');

describe('markdown', () => {
  it('fences a text that has fences itself', () => {
    expect(fenced('```\nx\n````')).toBe('`````text\n```\nx\n````\n`````');
    expect(fenced('x\n')).toBe('```text\nx\n```');
  });

  it('keeps cells in their columns', () => {
    const long = 'x'.repeat(30);
    expect(table(['', 'n'], [['a|b\nc', '1'], ['d', '2000'], ['e', long]])).toBe(
      [
        '|        |    n |',
        '| ------ | ---: |',
        '| a\\|b c |    1 |',
        '| d      | 2000 |',
        `| e      | ${long} |`,
      ].join('\n'),
    );
  });

  it('writes names with backticks', () => {
    expect(code('a`b')).toBe('`` a`b ``');
  });

  it('writes sizes', () => {
    expect([size(12), size(1500), size(47_900_000), size(3e9)]).toEqual(['12 B', '1.5 kB', '47.9 MB', '3.0 GB']);
  });
});

describe('describePrompt', () => {
  const found: LastPrompt = {
    uri: 'file:///app/main.py',
    path: 'app/main.py',
    suggestion: 'return total',
    answeredFrom: 'typed',
    prompt: '<fim_prefix>def f():\n```<fim_middle>',
    typed: 're',
    family: 'starcoder2',
    layout: 'spm',
    prefix: '',
    suffix: '',
    dropped: { prefix: 10, suffix: 0 },
    tokens: { prompt: 120, prefix: 60, suffix: 20, snippets: 40 },
    snippets: [{ path: 'app/util.py', source: 'definition', reason: 'callee', text: 'def total(): ...' }],
  };

  it('says where each snippet comes from and why it is there', () => {
    const text = describePrompt(found);
    expect(text).toContain('### 1. `app/util.py`\n\ndefinition of a name in use (callee)');
    expect(text).toContain('def total(): ...');
  });

  it('holds the prompt as it was sent', () => {
    expect(describePrompt(found)).toContain(`\`\`\`\`text\n${found.prompt}\n\`\`\`\``);
  });

  it('says so where there were no snippets', () => {
    expect(describePrompt({ ...found, snippets: [] })).toContain('None were found');
  });
});

describe('tables', () => {
  const counts: Counts = {
    requests: 10, answers: 8, shown: 6, accepted: 3, accepted_full: 1, accepted_partial: 2,
    accepted_typed: 0, rejected: 3, acceptance: 0.5, kept_30s: 0.9, kept_300s: null,
    latency_p50_ms: 20.4, latency_p95_ms: 99.6, answered_from: { model: 0.75, typed: 0.25 },
  };
  const statistics: Statistics = {
    enabled: true,
    file: '/data/statistics.sqlite3',
    since: '2026-11-01',
    total: counts,
    languages: { python: counts },
    models: { 'beadline-nano': counts },
  };

  it('shows statistics', () => {
    const text = unfilled(describeStatistics(statistics));
    expect(text).toContain('| python | 10 | 6 | 3 | 50 % | 90 % | - |');
    expect(text).toContain('| by word or line | 2 |');
    expect(text).toContain('within 20 ms, 95 % within 100 ms');
  });

  it('says so where nothing was counted', () => {
    const none = { ...statistics, enabled: false, total: { ...counts, requests: 0 } };
    const text = describeStatistics(none);
    expect(text).toContain('Nothing was counted yet');
    expect(text).toContain('statistics.enabled');
  });

  it('shows the index and its problems', () => {
    const folder = {
      folder: '/app', database: '/cache/x.sqlite3', files: 12, chunks: 90, bytes: 2_000_000,
      complete: false, updated: '', problem: 'It is locked.',
    };
    const text = unfilled(describeIndex({ folders: [folder], problems: ['No space.'] }));
    expect(text).toContain('| complete | not yet |');
    expect(text).toContain('| looked at last | never |');
    expect(text).toContain('It is locked.');
    expect(text).toContain('- No space.');
    expect(describeIndex({ folders: [], problems: [] })).toContain('No folder is open');
  });

  it('shows what the doctor says', () => {
    expect(describeDoctor({ ok: false, text: 'FAIL model' })).toContain('does not work here');
    expect(describeDoctor({ ok: true, text: 'ok model' })).toContain('ok model');
  });
});

describe('models', () => {
  const model: Model = {
    name: 'coder', value: '/m/coder.gguf', path: '/m/coder.gguf', size: 1_600_000_000, family: 'qwen2.5-coder',
    parameters: 1_540_000_000, quantisation: 'Q8_0', context: 32768, problem: '', builtin: false, configured: true,
  };

  it('lists models, and any other file last', () => {
    const [first, last] = items({ configured: 'x', folder: '/m', models: [model] });
    expect(first).toMatchObject({
      label: '$(check) coder',
      description: 'qwen2.5-coder · 1.5 B parameters · Q8_0 · 1.6 GB',
      detail: '/m/coder.gguf',
      value: '/m/coder.gguf',
    });
    expect(last?.value).toBeUndefined();
  });

  it('says what is wrong with a file', () => {
    const [first] = items({ configured: 'x', folder: '/m', models: [{ ...model, problem: 'It is cut off.' }] });
    expect(first).toMatchObject({ label: '$(warning) coder', detail: 'It is cut off.' });
  });

  it('offers a file where no server says which there are', () => {
    expect(items(undefined)).toHaveLength(1);
  });
});
