// Choosing a model: the list of those there are, or any file; the choice goes into the user's settings,
// from where the server is started again with it. Knows no server; it is given the list.
import { ConfigurationTarget, type QuickPickItem, window, workspace } from 'vscode';
import { size } from './markdown';
import type { Model, Models } from './protocol';
import { SECTION } from './settings';

interface Item extends QuickPickItem {
  /** Undefined: a file is to be chosen. */
  value?: string;
}

/** Ask for a model and write it down; `found` is undefined while no server says which there are. */
export async function chooseModel(found: Models | undefined): Promise<void> {
  const chosen = await window.showQuickPick(items(found), {
    title: 'Model of beadline',
    placeHolder: found ? `GGUF files in ${found.folder} are listed here` : undefined,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (!chosen) return;
  const value = chosen.value ?? (await chooseFile());
  if (value === undefined || value === found?.configured) return;
  const settings = workspace.getConfiguration(SECTION);
  await settings.update('engine.model', value, ConfigurationTarget.Global);
}

/** The list to choose from. */
export function items(found: Models | undefined): Item[] {
  const models = (found?.models ?? []).map(modelItem);
  return [
    ...models,
    { label: '$(folder-opened) Choose a GGUF file...', alwaysShow: true },
  ];
}

function modelItem(model: Model): Item {
  const { family, quantisation, parameters, problem, configured, builtin } = model;
  const facts = [
    family,
    parameters ? `${count(parameters)} parameters` : '',
    quantisation,
    size(model.size),
    builtin ? 'built in' : '',
  ];
  const icon = problem ? 'warning' : configured ? 'check' : 'blank';
  return {
    label: `$(${icon}) ${model.name}`,
    description: facts.filter(Boolean).join(' · '),
    detail: problem || model.path,
    value: model.value,
  };
}

async function chooseFile(): Promise<string | undefined> {
  const chosen = await window.showOpenDialog({
    title: 'A model in GGUF format',
    openLabel: 'Use',
    filters: { 'GGUF models': ['gguf'] },
  });
  return chosen?.[0]?.fsPath;
}

function count(parameters: number): string {
  if (parameters < 1e9) return `${Math.round(parameters / 1e6)} M`;
  return `${(parameters / 1e9).toPrecision(2)} B`;
}
