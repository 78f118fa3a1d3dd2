// Accepting a suggestion by word or by line, and telling the server how much of it was taken: VS Code
// tells an extension only of whole ones, by the item's command. Knows no server.
import {
  commands,
  type InlineCompletionItem,
  type InlineCompletionList,
  Range,
  type TextDocument,
  window,
} from 'vscode';

export const ACCEPT_WORD = 'editor.action.inlineSuggest.acceptNextWord';
export const ACCEPT_LINE = 'editor.action.inlineSuggest.acceptNextLine';

/** Params of `textDocument/didPartiallyAcceptCompletion`. */
export interface PartialAcceptance {
  item: { insertText: string; command: InlineCompletionItem['command'] };
  /** UTF-16 units of `insertText`, from its start, that are in the document now. */
  acceptedLength: number;
}

/**
 * How much of a suggestion stands in `text`, which reaches from the suggestion's start to the cursor;
 * 0 when it is something else.
 */
export function takenLength(text: string, insertText: string): number {
  const taken = text.replaceAll('\r\n', '\n');
  return insertText.startsWith(taken) ? taken.length : 0;
}

/** Remembers what was offered last, and tells what is taken of it in parts. */
export class Acceptance {
  private uri = '';
  private items: InlineCompletionItem[] = [];

  /** `tell` is given what was taken. */
  constructor(private readonly tell: (taken: PartialAcceptance) => void) {}

  /** An answer has come. */
  offered(
    document: TextDocument,
    answer: InlineCompletionItem[] | InlineCompletionList | null | undefined,
  ): void {
    this.uri = document.uri.toString();
    this.items = Array.isArray(answer) ? answer : (answer?.items ?? []);
  }

  /** Run one of VS Code's commands that take a part of the suggestion on the screen. */
  async accept(command: typeof ACCEPT_WORD | typeof ACCEPT_LINE): Promise<void> {
    // The edit brings a new answer: what was offered before it is what is being taken.
    const { uri, items } = this;
    await commands.executeCommand(command);
    const editor = window.activeTextEditor;
    if (editor?.document.uri.toString() !== uri) return;
    const cursor = editor.selection.active;
    for (const { insertText, range, command: accepted } of items) {
      if (typeof insertText !== 'string' || !range || !cursor.isAfter(range.start)) continue;
      const text = editor.document.getText(new Range(range.start, cursor));
      const acceptedLength = takenLength(text, insertText);
      if (acceptedLength > 0) {
        this.tell({ item: { insertText, command: accepted }, acceptedLength });
        return;
      }
    }
  }
}
