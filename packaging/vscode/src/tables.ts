// What the server answers in numbers, as pages in Markdown: statistics, index, doctor. Knows no server.
import { code, fenced, percent, size, table } from './markdown';
import type { Counts, DoctorReport, IndexFolder, IndexStatus, Statistics } from './protocol';

export function describeStatistics(found: Statistics): string {
  const { enabled, file, since, total, languages, models } = found;
  const parts = ['# Statistics', 'Counted on this machine, and sent nowhere.'];
  if (!enabled) parts.push('Nothing is counted now: `statistics.enabled` is off in your settings.');
  if (total.requests === 0) {
    parts.push('Nothing was counted yet. Counting begins with the first suggestion.');
    return `${parts.join('\n\n')}\n`;
  }
  const headings = ['', 'requests', 'shown', 'accepted', 'acceptance', 'kept 30 s', 'kept 5 min'];
  const groups = [['all', total] as const, ...Object.entries(languages), ...Object.entries(models)];
  parts.push(table(headings, groups.map(([name, counts]) => row(name, counts))));
  parts.push(
    table(
      ['accepted', 'times'],
      [
        ['as a whole', String(total.accepted_full)],
        ['by word or line', String(total.accepted_partial)],
        ['by typing it', String(total.accepted_typed)],
      ],
    ),
  );
  if (total.latency_p50_ms !== null && total.latency_p95_ms !== null) {
    const half = Math.round(total.latency_p50_ms);
    const most = Math.round(total.latency_p95_ms);
    parts.push(`Half of the suggestions came within ${half} ms, 95 % within ${most} ms.`);
  }
  const rungs = Object.entries(total.answered_from).map(([name, share]) => [name, percent(share)]);
  if (rungs.length) parts.push(table(['answered from', 'share'], rungs));
  parts.push(`${since ? `Since ${since}; in` : 'In'} ${code(file)}.`);
  return `${parts.join('\n\n')}\n`;
}

export function describeIndex({ folders, problems }: IndexStatus): string {
  const parts = ['# Index of the workspace'];
  if (folders.length === 0) parts.push('No folder is open: there is nothing to index.');
  parts.push(...folders.map(describeFolder));
  if (problems.length) parts.push('## Problems', problems.map((problem) => `- ${problem}`).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

export function describeDoctor({ ok, text }: DoctorReport): string {
  const verdict = ok ? 'beadline works here.' : 'beadline does not work here: see what failed.';
  return `# Doctor\n\n${verdict}\n\n${fenced(text)}\n`;
}

function row(name: string, counts: Counts): string[] {
  return [
    name || '?',
    String(counts.requests),
    String(counts.shown),
    String(counts.accepted),
    percent(counts.acceptance),
    percent(counts.kept_30s),
    percent(counts.kept_300s),
  ];
}

function describeFolder(found: IndexFolder): string {
  const rows = [
    ['files', String(found.files)],
    ['pieces', String(found.chunks)],
    ['on the disk', found.database ? `${size(found.bytes)}, ${code(found.database)}` : 'not kept'],
    ['complete', found.complete ? 'yes' : 'not yet'],
    ['looked at last', found.updated || 'never'],
  ];
  if (found.problem) rows.push(['problem', found.problem]);
  return `## ${code(found.folder)}\n\n${table(['', ''], rows)}`;
}
