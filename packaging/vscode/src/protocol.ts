// What the server says beyond LSP, and the names it is asked by: docs/protocol.md as types. Knows no
// editor.

export const STATUS = 'beadline/status';
export const DID_FOCUS = 'textDocument/didFocus';
export const DID_PARTIALLY_ACCEPT = 'textDocument/didPartiallyAcceptCompletion';
export const EXECUTE_COMMAND = 'workspace/executeCommand';
export const CANCEL_PROGRESS = 'window/workDoneProgress/cancel';

/** Commands of the server. The client's own are called `beadline.client.*`. */
export const ServerCommand = {
  doctor: 'beadline.doctor',
  indexStatus: 'beadline.indexStatus',
  lastPrompt: 'beadline.lastPrompt',
  models: 'beadline.models',
  snooze: 'beadline.snooze',
  statistics: 'beadline.statistics',
  toggle: 'beadline.toggle',
  train: 'beadline.train',
} as const;

export interface Status {
  state: 'starting' | 'ready' | 'working' | 'off' | 'snoozed' | 'error';
  message: string;
  busy: boolean;
  kind: 'Normal' | 'Inactive' | 'Error';
  model?: string;
  /** Name of the tuned model that serves the last document, on top of `model`. */
  adapter?: string;
  /** Why a tuned model is not used, one sentence. */
  refused?: string;
  latencyMs?: number;
  /** End of a snooze, ISO 8601. */
  until?: string;
}

export interface Snippet {
  path: string;
  source: string;
  reason: string;
  text: string;
}

export interface LastPrompt {
  uri: string;
  path: string;
  suggestion: string;
  answeredFrom: string;
  prompt: string;
  typed: string;
  family: string;
  layout: string;
  prefix: string;
  suffix: string;
  dropped: { prefix: number; suffix: number };
  tokens: { prompt: number; prefix: number; suffix: number; snippets: number };
  snippets: Snippet[];
}

export interface Counts {
  requests: number;
  answers: number;
  shown: number;
  accepted: number;
  accepted_full: number;
  accepted_partial: number;
  accepted_typed: number;
  rejected: number;
  acceptance: number | null;
  kept_30s: number | null;
  kept_300s: number | null;
  latency_p50_ms: number | null;
  latency_p95_ms: number | null;
  answered_from: Record<string, number>;
}

export interface Statistics {
  enabled: boolean;
  file: string;
  since: string | null;
  total: Counts;
  languages: Record<string, Counts>;
  models: Record<string, Counts>;
}

export interface IndexFolder {
  folder: string;
  database: string;
  files: number;
  chunks: number;
  bytes: number;
  complete: boolean;
  /** When all of it was looked at last, ISO 8601; empty for never. */
  updated: string;
  problem: string;
}

export interface IndexStatus {
  folders: IndexFolder[];
  problems: string[];
}

export interface Model {
  name: string;
  /** What `engine.model` has to be for it. */
  value: string;
  path: string;
  /** In bytes. */
  size: number;
  family: string;
  parameters: number;
  quantisation: string;
  context: number;
  problem: string;
  builtin: boolean;
  configured: boolean;
}

export interface Models {
  configured: string;
  folder: string;
  models: Model[];
}

export interface DoctorReport {
  ok: boolean;
  text: string;
}
