import { beforeEach, describe, expect, it, vi } from 'vitest';
import { commands, type InlineCompletionItem, Position, Range, type TextDocument, window } from 'vscode';
import { ACCEPT_LINE, ACCEPT_WORD, Acceptance, type PartialAcceptance, takenLength } from '../src/accept';

const START = new Position(3, 8);
const COMMAND = { title: 'Suggestion accepted', command: 'beadline.accepted', arguments: [7] };

function item(insertText: string, command = COMMAND): InlineCompletionItem {
  return { insertText, range: new Range(START, START), command };
}

describe('takenLength', () => {
  it('counts UTF-16 units, with line ends as the server writes them', () => {
    expect(takenLength('a 😀', 'a 😀 b')).toBe(4);
    expect(takenLength('a\r\n  b', 'a\n  b c')).toBe(5);
  });

  it('counts nothing of another text', () => {
    expect(takenLength('b', 'a')).toBe(0);
    expect(takenLength('', 'a')).toBe(0);
  });
});

describe('Acceptance', () => {
  let told: PartialAcceptance[];
  let acceptance: Acceptance;
  /** What stands between the start of the suggestion and the cursor. */
  let inserted: string;
  const document = { uri: { toString: () => 'file:///a.py' }, getText: () => inserted };

  beforeEach(() => {
    told = [];
    acceptance = new Acceptance((taken) => told.push(taken));
    Object.assign(window, { activeTextEditor: undefined });
    vi.mocked(commands.executeCommand).mockReset();
  });

  /** VS Code's commands insert this much of the suggestion. */
  function inserts(text: string): void {
    vi.mocked(commands.executeCommand).mockImplementation(async () => {
      inserted = text;
      const active = new Position(START.line, START.character + text.length);
      Object.assign(window, { activeTextEditor: { document, selection: { active } } });
    });
  }

  const offer = (...items: InlineCompletionItem[]) =>
    acceptance.offered(document as unknown as TextDocument, items);

  it('tells how much of the item is in the document', async () => {
    offer(item('hello world'));
    inserts('hello');
    await acceptance.accept(ACCEPT_WORD);
    expect(commands.executeCommand).toHaveBeenCalledWith(ACCEPT_WORD);
    expect(told).toEqual([{ item: { insertText: 'hello world', command: COMMAND }, acceptedLength: 5 }]);
  });

  it('tells the length of all that was taken so far', async () => {
    offer(item('hello world'));
    inserts('hello');
    await acceptance.accept(ACCEPT_WORD);
    inserts('hello world');
    await acceptance.accept(ACCEPT_LINE);
    expect(told.map(({ acceptedLength }) => acceptedLength)).toEqual([5, 11]);
  });

  it('tells which of several items it was', async () => {
    const other = { ...COMMAND, arguments: [8] };
    offer(item('first'), item('second one', other));
    inserts('second');
    await acceptance.accept(ACCEPT_WORD);
    expect(told[0]?.item.command).toBe(other);
  });

  it('tells nothing of what is not ours', async () => {
    offer(item('hello'));
    inserts('something else');
    await acceptance.accept(ACCEPT_WORD);
    acceptance.offered({ uri: { toString: () => 'file:///b.py' } } as unknown as TextDocument, [item('hello')]);
    inserts('hello');
    await acceptance.accept(ACCEPT_WORD);
    expect(told).toEqual([]);
  });

  it('tells nothing where nothing was inserted', async () => {
    offer(item('hello'));
    inserts('');
    await acceptance.accept(ACCEPT_WORD);
    expect(told).toEqual([]);
  });
});
