// Pieces of Markdown: tables, and fences that no text can break. Knows nothing of what they hold.

/** Longer cells than this, but for those of the first column, stand out of theirs. */
const WIDEST = 24;

/**
 * A table; the first column is aligned to the left, the others to the right, for who reads it as it is
 * written too.
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map(cell));
  const widths = headings.map((_, column) =>
    Math.max(
      3,
      ...cells.map((row) => row[column]!.length).filter((length) => !column || length <= WIDEST),
    ),
  );
  const marks = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const filled = cells.map((row) =>
    row.map((text, column) =>
      column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!),
    ),
  );
  const [first, ...others] = filled;
  return [first!, marks, ...others].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** A text as it is. Its fence is longer than any that the text has. */
export function fenced(text: string, language = 'text'): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
}

/** A name within a line. */
export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '-' : `${Math.round(100 * share)} %`;
}

/** A size as people write it; files are counted in thousands. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
