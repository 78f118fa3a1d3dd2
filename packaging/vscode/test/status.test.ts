import { describe as group, expect, it } from 'vitest';
import type { Status } from '../src/protocol';
import { describe, type ProgramState, switchedOff } from '../src/status';

const READY: Status = {
  state: 'ready',
  message: 'beadline-nano is ready.',
  busy: false,
  kind: 'Normal',
  model: 'beadline-nano',
};
const show = (program: ProgramState, status?: Status, others = {}) =>
  describe({ program, status, ghostText: true, ...others });

group('describe', () => {
  it('shows the model and the last latency', () => {
    expect(show('running', { ...READY, latencyMs: 41.6 }).text).toBe('$(symbol-snippet) beadline-nano 42 ms');
    expect(show('running', { ...READY, latencyMs: 1240 }).text).toContain('1.2 s');
    expect(show('running', READY).text).toBe('$(symbol-snippet) beadline-nano');
  });

  it('begins what screen readers say with the state', () => {
    expect(show('running', READY).label).toMatch(/^beadline: ready\./);
    expect(show('running', { ...READY, state: 'working' }).label).toMatch(/^beadline: working\./);
    expect(show('missing').label).toMatch(/^beadline: missing\./);
  });

  it('shows that suggestions are off, and until when', () => {
    const message = 'Suggestions are off until 12:30.';
    const { text, tooltip } = show('running', { ...READY, state: 'snoozed', message });
    expect(text).toBe('$(bell-slash) beadline: snoozed');
    expect(tooltip).toContain(message);
  });

  it('shows why there is no server, and nothing of the one before', () => {
    const { text, tooltip, background } = show('failed', READY, { reason: 'config.toml is not valid TOML.' });
    expect(text).toBe('$(error) beadline: failed');
    expect(tooltip).toContain('config.toml is not valid TOML.');
    expect(tooltip).not.toContain('is ready');
    expect(background).toBe('error');
  });

  it('is starting until the server tells something else', () => {
    expect(show('running').text).toBe('$(loading~spin) beadline: starting');
  });

  it('marks a tuned model', () => {
    const { text, tooltip } = show('running', { ...READY, adapter: 'mine' });
    expect(text).toContain('beadline-nano+');
    expect(tooltip).toContain('mine');
  });

  it('shortens the name of a file', () => {
    const model = '/models/a-very-long-name-of-a-model-q8_0.gguf';
    expect(show('running', { ...READY, model }).text).toBe('$(symbol-snippet) a-very-long-name-of-a-m…');
  });

  it('says so when the editor shows no suggestions', () => {
    expect(show('running', READY, { ghostText: false }).tooltip).toContain('editor.inlineSuggest.enabled');
  });
});

group('switchedOff', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  const snoozed: Status = { ...READY, state: 'snoozed', until: '2026-11-21T12:20:00+00:00' };

  it('asks a new server for what the old one was told', () => {
    const off: Status = { ...READY, state: 'off' };
    expect(switchedOff(off, READY, now)).toEqual({ command: 'toggle', parameters: [] });
    expect(switchedOff(snoozed, READY, now)).toEqual({ command: 'snooze', parameters: [20] });
  });

  it('asks for nothing else', () => {
    expect(switchedOff(undefined, READY, now)).toBeUndefined();
    expect(switchedOff(READY, READY, now)).toBeUndefined();
    expect(switchedOff(snoozed, READY, new Date('2026-11-21T12:20:00Z'))).toBeUndefined();
    expect(switchedOff({ ...READY, state: 'off' }, { ...READY, state: 'off' }, now)).toBeUndefined();
  });
});
