import { describe, expect, it } from 'vitest';
import { entries, type Situation } from '../src/menu';
import type { Status } from '../src/protocol';

const READY: Status = { state: 'ready', message: 'Ready.', busy: false, kind: 'Normal', model: 'nano' };
const names = (situation: Situation) =>
  entries(situation).map(({ command }) => command.replace('beadline.client.', ''));

describe('entries', () => {
  it('offers to install what is missing, first', () => {
    const found = names({ program: 'missing', canTune: false });
    expect(found[0]).toBe('install');
    expect(found).not.toContain('toggle');
  });

  it('hides tuning where the server cannot', () => {
    expect(names({ program: 'running', status: READY, canTune: false })).not.toContain('tune');
    expect(names({ program: 'running', status: READY, canTune: true })).toContain('tune');
  });

  it('says what the switch will do', () => {
    const label = (status: Status) =>
      entries({ program: 'running', status, canTune: false }).find((e) => e.command.endsWith('toggle'))?.label;
    expect(label(READY)).toContain('off');
    expect(label({ ...READY, state: 'snoozed' })).toContain('on');
  });

  it('has what helps where no server runs', () => {
    const found = names({ program: 'failed', canTune: false });
    expect(found).toEqual(expect.arrayContaining(['doctor', 'showLog', 'restart', 'install']));
    expect(found).not.toContain('statistics');
  });
});
