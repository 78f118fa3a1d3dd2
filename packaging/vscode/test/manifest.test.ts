// What the manifest promises is what the code does.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { commands } from 'vscode';
import { type Parts, register } from '../src/commands';

const ROOT = join(import.meta.dirname, '..');
const read = (...parts: string[]) => readFileSync(join(ROOT, ...parts), 'utf8');
const manifest = JSON.parse(read('package.json'));
const sources = readdirSync(join(ROOT, 'src')).map((name) => read('src', name));
const properties: Record<string, { scope?: string }> = Object.assign(
  {},
  ...manifest.contributes.configuration.map((section: { properties: object }) => section.properties),
);

describe('the manifest', () => {
  it('declares exactly the commands there are', () => {
    vi.mocked(commands.registerCommand).mockClear();
    register({} as Parts);
    const registered = vi.mocked(commands.registerCommand).mock.calls.map(([name]) => name);
    const declared = manifest.contributes.commands.map(({ command }: { command: string }) => command);
    expect([...registered].sort()).toEqual([...declared].sort());
  });

  it('binds and hides only commands that are declared', () => {
    const declared = new Set(manifest.contributes.commands.map((c: { command: string }) => c.command));
    for (const { command } of [...manifest.contributes.keybindings, ...manifest.contributes.menus.commandPalette]) {
      expect(declared).toContain(command);
    }
  });

  it('keeps its commands apart from those of the server, which the client registers too', () => {
    for (const { command } of manifest.contributes.commands) {
      expect(command).toMatch(/^beadline\.client\./);
    }
  });

  it('lets no workspace say which program runs, or what it is given', () => {
    for (const name of ['path', 'extraArguments', 'package'].map((name) => `beadline.client.${name}`)) {
      expect(properties[name]?.scope).toBe('machine');
    }
  });

  it('restricts in untrusted workspaces what is the user’s alone', () => {
    const users = Object.keys(properties).filter((name) => properties[name]!.scope === 'machine');
    const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    expect([...restricted].sort()).toEqual(users.sort());
  });

  it('runs where the files are', () => {
    expect(manifest.extensionKind).toEqual(['workspace']);
  });
});

describe('the sources', () => {
  it('speak to no host and send no telemetry', () => {
    for (const source of sources) {
      expect(source).not.toMatch(/https?:\/\//);
      expect(source).not.toMatch(/createTelemetryLogger|TelemetryReporter|\bfetch\(|node:https?\b|node:net\b/);
    }
  });
});
