// Puts the parts of the extension together. Knows no part's work.
import { join } from 'node:path';
import { commands, type ExtensionContext, workspace } from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';
import { Acceptance } from './accept';
import { Board } from './board';
import { Server } from './client';
import { type Parts, register } from './commands';
import { Launcher } from './launch';
import { createLog } from './log';
import { CANCEL_PROGRESS, DID_PARTIALLY_ACCEPT } from './protocol';
import { Reports } from './report';
import { type Manifest, SECTION, Settings } from './settings';
import { offer } from './setup';
import { StatusItem } from './status';
import { CancellableProgress } from './training';

/** For `deactivate`, which is called with nothing. */
let running: Server | undefined;

export function activate(context: ExtensionContext): void {
  const manifest = context.extension.packageJSON as Manifest & { version: string };
  const log = createLog();
  const settings = new Settings(manifest);
  const acceptance = new Acceptance((taken) => server.tell(DID_PARTIALLY_ACCEPT, taken));
  const progress = new CancellableProgress((token) => server.tell(CANCEL_PROGRESS, { token }));
  const server = new Server(log, middleware(settings, acceptance, progress));
  const folder = join(context.globalStorageUri.fsPath, 'server');
  const launcher = new Launcher(server, settings, log, folder);
  const item = new StatusItem('beadline.client.menu');
  const board = new Board(server, launcher, item);
  const reports = new Reports();
  const { version } = manifest;
  const parts: Parts = {
    server, launcher, board, acceptance, reports, settings, log,
    extension: context.extensionPath, version,
  };
  running = server;
  context.subscriptions.push(
    log,
    item,
    reports,
    launcher,
    board,
    server,
    ...register(parts),
    server.onDidChangeState((state) => {
      if (state !== 'running') progress.endAll();
    }),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SECTION)) void launcher.settingsChanged();
    }),
  );
  void begin(context, launcher);
}

export function deactivate(): Promise<void> | undefined {
  return running?.stop();
}

/** Start the server; where there is none, offer to install it. */
async function begin(context: ExtensionContext, launcher: Launcher): Promise<void> {
  await launcher.start();
  if (launcher.state !== 'missing') return;
  if (await offer(context.globalState)) await commands.executeCommand('beadline.client.install');
}

function middleware(
  settings: Settings,
  acceptance: Acceptance,
  progress: CancellableProgress,
): Middleware {
  return {
    provideInlineCompletionItems: async (document, position, context, token, next) => {
      const answer = await next(document, position, context, token);
      if (!token.isCancellationRequested) acceptance.offered(document, answer);
      return answer;
    },
    handleWorkDoneProgress: (token, told, next) => {
      progress.handle(token, told, () => next(token, told));
    },
    workspace: {
      configuration: ({ items }) =>
        items.map(({ section }) => (section === SECTION ? settings.sent() : null)),
      // Without content: the server asks for what it may have, and gets it above.
      didChangeConfiguration: (_sections, next) => next(undefined),
    },
  };
}
