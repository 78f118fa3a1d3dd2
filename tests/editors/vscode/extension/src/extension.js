// The smallest client: starts `beadline serve --stdio` for Python files. Inline completion is a
// feature that vscode-languageclient 10 and newer register by themselves.
'use strict';

const { LanguageClient, TransportKind } = require('vscode-languageclient/node');

let client;

exports.activate = async () => {
  // TransportKind.stdio adds `--stdio` to the arguments.
  const server = { command: 'beadline', args: ['serve'], transport: TransportKind.stdio };
  const options = { documentSelector: [{ scheme: 'file', language: 'python' }] };
  client = new LanguageClient('beadline', 'beadline', server, options);
  await client.start();
};

exports.deactivate = () => client?.stop();
