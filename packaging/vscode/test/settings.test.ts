import { beforeEach, describe, expect, it, vi } from 'vitest';
import { workspace } from 'vscode';
import { environmentOf, type Inspected, type Manifest, namesOf, sentOf, Settings } from '../src/settings';

const MANIFEST: Manifest = {
  contributes: {
    configuration: [
      { properties: { 'beadline.client.path': { scope: 'machine' } } },
      {
        properties: {
          'beadline.engine.model': { scope: 'machine' },
          'beadline.engine.save_state': { scope: 'machine' },
          'beadline.engine.threads': { scope: 'machine' },
          'beadline.completion.max_lines': { scope: 'window' },
          'beadline.context.ignore': { scope: 'window' },
        },
      },
    ],
  },
};
const NAMES = namesOf(MANIFEST);

const from = (values: Record<string, Inspected>) => (name: string) => values[name];

describe('namesOf', () => {
  it('tells the settings of the user from those of an editor, and leaves out the client’s', () => {
    expect(NAMES).toEqual({
      user: ['engine.model', 'engine.save_state', 'engine.threads'],
      editor: ['completion.max_lines', 'context.ignore'],
    });
  });
});

describe('environmentOf', () => {
  it('names variables as the server reads them, and only what the user set', () => {
    const inspect = from({
      'engine.model': { globalValue: '/models/a.gguf' },
      'engine.save_state': { globalValue: false },
      'engine.threads': {},
    });
    expect(environmentOf(NAMES.user, inspect)).toEqual({
      BEADLINE_ENGINE__MODEL: '/models/a.gguf',
      BEADLINE_ENGINE__SAVE_STATE: 'false',
    });
  });

  it('takes nothing from a workspace', () => {
    const inspect = from({ 'engine.model': { workspaceValue: '/tmp/evil.gguf' } });
    expect(environmentOf(NAMES.user, inspect)).toEqual({});
  });

  it('leaves out what is no text, number or list of texts', () => {
    expect(environmentOf(['a.b', 'a.c'], from({
      'a.b': { globalValue: { x: 1 } },
      'a.c': { globalValue: ['x', 'y'] },
    }))).toEqual({ BEADLINE_A__C: 'x,y' });
  });
});

describe('sentOf', () => {
  it('lets a workspace overrule values', () => {
    const inspect = from({ 'completion.max_lines': { globalValue: 4, workspaceValue: 8 } });
    expect(sentOf(NAMES.editor, inspect)).toEqual({ completion: { max_lines: 8 } });
  });

  it('lets a workspace add to lists, and take nothing away', () => {
    const ignore = { globalValue: ['secret/'], workspaceValue: [] };
    expect(sentOf(NAMES.editor, from({ 'context.ignore': ignore }))).toEqual({
      context: { ignore: ['secret/'] },
    });
    const more = { globalValue: ['secret/'], workspaceValue: ['dist/', 'secret/'] };
    expect(sentOf(NAMES.editor, from({ 'context.ignore': more }))).toEqual({
      context: { ignore: ['secret/', 'dist/'] },
    });
  });

  it('sends no default', () => {
    expect(sentOf(NAMES.editor, () => ({}))).toEqual({});
  });
});

describe('Settings', () => {
  let values: Record<string, Inspected>;

  beforeEach(() => {
    values = {};
    vi.mocked(workspace.getConfiguration).mockImplementation(
      () => ({ inspect: (name: string) => values[name] }) as never,
    );
  });

  it('starts the program of the user with his arguments', () => {
    values['client.path'] = { globalValue: ' /opt/beadline ' };
    values['client.extraArguments'] = { globalValue: ['--trace', 'x'] };
    expect(new Settings(MANIFEST).start()).toEqual({
      path: '/opt/beadline',
      extraArguments: ['--trace', 'x'],
      environment: {},
    });
  });

  it('is not changed by a hostile workspace', () => {
    values['client.path'] = { workspaceValue: './evil' };
    values['client.extraArguments'] = { workspaceValue: ['--model', 'evil.gguf'] };
    values['engine.model'] = { workspaceValue: 'evil.gguf' };
    const settings = new Settings(MANIFEST);
    expect(settings.start()).toEqual({ path: '', extraArguments: [], environment: {} });
    expect(settings.sent()).toEqual({});
  });
});
