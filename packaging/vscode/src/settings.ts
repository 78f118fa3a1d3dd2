// Which settings are the user's alone and which an editor may send, and both in the shape in which
// they leave: environment of the server's process, answer to `workspace/configuration`. Knows the
// settings' names from the manifest, where they are generated, and none by itself but its own.
import { workspace } from 'vscode';

export const SECTION = 'beadline';
/** The client's own; they stay here. */
const OWN = 'client.';

interface Section {
  properties: Record<string, { scope?: string }>;
}

export interface Manifest {
  contributes: { configuration: Section | Section[] };
}

export interface Names {
  /** Settings that only the user may set (`scope: machine`): paths, endpoints, keys, limits. */
  user: string[];
  /** Settings that a workspace may set too. */
  editor: string[];
}

/** The parts of VS Code's `inspect` that say who set a value. */
export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
}

export type Inspect = (name: string) => Inspected | undefined;

/** What the program is started with. */
export interface Start {
  /** `beadline.client.path`; empty: to be found. */
  path: string;
  extraArguments: string[];
  environment: Record<string, string>;
}

/** The server's settings by who may set them; dotted names without the section. */
export function namesOf(manifest: Manifest): Names {
  const names: Names = { user: [], editor: [] };
  for (const { properties } of [manifest.contributes.configuration].flat()) {
    for (const [key, { scope }] of Object.entries(properties)) {
      const name = key.slice(SECTION.length + 1);
      if (!name.startsWith(OWN)) names[scope === 'machine' ? 'user' : 'editor'].push(name);
    }
  }
  return names;
}

/** The user's own settings as variables of the server's environment; those that he did not set are
 * left to his settings file. */
export function environmentOf(names: readonly string[], inspect: Inspect): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const name of names) {
    const text = asText(inspect(name)?.globalValue);
    if (text !== undefined) {
      variables[`BEADLINE_${name.toUpperCase().replace('.', '__')}`] = text;
    }
  }
  return variables;
}

/**
 * What the server is told of the settings that an editor may send: those that somebody set.
 *
 * Lists are joined, so that a workspace can add to the user's patterns of ignored files and never
 * take one away.
 */
export function sentOf(
  names: readonly string[],
  inspect: Inspect,
): Record<string, Record<string, unknown>> {
  const sent: Record<string, Record<string, unknown>> = {};
  for (const name of names) {
    const { globalValue, workspaceValue } = inspect(name) ?? {};
    const value =
      Array.isArray(globalValue) && Array.isArray(workspaceValue)
        ? [...new Set([...globalValue, ...workspaceValue])]
        : (workspaceValue ?? globalValue);
    if (value === undefined) continue;
    const dot = name.indexOf('.');
    (sent[name.slice(0, dot)] ??= {})[name.slice(dot + 1)] = value;
  }
  return sent;
}

/** The settings of this window. */
export class Settings {
  private readonly names: Names;

  constructor(manifest: Manifest) {
    this.names = namesOf(manifest);
  }

  /** Where the program comes from and what it is given; a change of it needs another process. */
  start(): Start {
    const path = inspect('client.path')?.globalValue;
    const extra = inspect('client.extraArguments')?.globalValue;
    return {
      path: typeof path === 'string' ? path.trim() : '',
      extraArguments: isTexts(extra) ? extra : [],
      environment: environmentOf(this.names.user, inspect),
    };
  }

  /** `beadline.client.package`: the wheel to install, or a folder with it; empty: to be found. */
  package(): string {
    const path = inspect('client.package')?.globalValue;
    return typeof path === 'string' ? path.trim() : '';
  }

  /** The answer to the server's question for its section. */
  sent(): Record<string, Record<string, unknown>> {
    return sentOf(this.names.editor, inspect);
  }
}

// The value of the user's settings is asked for by its name: VS Code ignores what a workspace writes
// under a name of scope `machine`, and here nothing of a workspace is even looked at.
function inspect(name: string): Inspected | undefined {
  return workspace.getConfiguration(SECTION).inspect(name);
}

function asText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
    case 'number':
      return String(value);
    default:
      return isTexts(value) ? value.join(',') : undefined;
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
