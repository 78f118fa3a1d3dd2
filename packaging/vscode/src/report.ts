// Shows texts in read-only documents that exist in memory alone. Knows nothing of what they say.
import {
  type Disposable,
  EventEmitter,
  type TextDocumentContentProvider,
  Uri,
  window,
  workspace,
} from 'vscode';

const SCHEME = 'beadline-report';

export class Reports implements TextDocumentContentProvider, Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changes = new EventEmitter<Uri>();
  private readonly registrations: Disposable[];

  readonly onDidChange = this.changes.event;

  constructor() {
    this.registrations = [
      workspace.registerTextDocumentContentProvider(SCHEME, this),
      workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === SCHEME) this.texts.delete(uri.path);
      }),
    ];
  }

  provideTextDocumentContent(uri: Uri): string {
    return this.texts.get(uri.path) ?? '';
  }

  /** Show a text in Markdown under this title, in the place of what was shown under it before. */
  async show(title: string, markdown: string): Promise<void> {
    const uri = Uri.from({ scheme: SCHEME, path: `/${title}.md` });
    this.texts.set(uri.path, markdown);
    this.changes.fire(uri);
    const document = await workspace.openTextDocument(uri);
    await window.showTextDocument(document, { preview: true });
  }

  dispose(): void {
    for (const registration of this.registrations) registration.dispose();
    this.changes.dispose();
    this.texts.clear();
  }
}
