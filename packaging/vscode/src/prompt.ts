// The prompt behind a suggestion, written down for reading: what was shown, which snippets were in the
// prompt and why, and the prompt as it was sent. Knows no server.
import { code, fenced, table } from './markdown';
import type { LastPrompt, Snippet } from './protocol';

const SOURCES: Record<string, string> = {
  definition: 'definition of a name in use',
  similar: 'similar code',
  live: 'open file',
  edit: 'recent edit',
  pair: 'file that changes together with this one',
  dense: 'similar in meaning',
};

const ANSWERED_FROM: Record<string, string> = {
  model: 'the model',
  typed: 'the suggestion that was shown, of which a part was typed',
  exact: 'memory: the same was asked before',
  prefix: 'memory: it continues what was computed before',
  inflight: 'a computation that was under way',
};

/** A document that says it all, in Markdown. */
export function describePrompt(found: LastPrompt): string {
  const { tokens, dropped, snippets } = found;
  const facts = [
    ['answered from', ANSWERED_FROM[found.answeredFrom] ?? found.answeredFrom],
    ['prompt form', `${found.family}, ${found.layout}`],
    ['tokens of the prompt', String(tokens.prompt)],
    ['of these, before the cursor', String(tokens.prefix)],
    ['of these, behind it', String(tokens.suffix)],
    ['of these, of other files', String(tokens.snippets)],
    ['characters cut to fit', `${dropped.prefix} before, ${dropped.suffix} behind the cursor`],
  ];
  if (found.typed) facts.push(['unfinished word, spelled again by the model', code(found.typed)]);
  const parts = [
    '# The prompt behind the last suggestion',
    'It is kept in memory alone, and stays on this machine.',
    table(['', code(found.path)], facts),
    '## Suggestion',
    fenced(found.suggestion),
    `## Snippets of other files (${snippets.length})`,
    snippets.length ? snippets.map(describeSnippet).join('\n\n') : 'None were found, or none are wanted.',
    '## Prompt, as the model reads it',
    fenced(found.prompt),
  ];
  return `${parts.join('\n\n')}\n`;
}

function describeSnippet({ path, source, reason, text }: Snippet, index: number): string {
  const why = reason ? `${SOURCES[source] ?? source} (${reason})` : (SOURCES[source] ?? source);
  return `### ${index + 1}. ${code(path)}\n\n${why}\n\n${fenced(text)}`;
}
