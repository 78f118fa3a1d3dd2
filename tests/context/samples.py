"""A piece of real-looking code in every language with a grammar; all of it parses."""

from __future__ import annotations

SAMPLES = {
    "python": '''\
"""Läser 😀 filer."""
import os


@cache
def read(path: str, *, limit: int = 10) -> list[str]:
    # Not more than asked for.
    with open(path) as file:
        rows = [line.strip() for line in file if line]
    if not rows:
        raise ValueError(f"{path!r}: {limit + 1} rows")
    return rows[:limit]


class Reader(Base):
    def __init__(self):
        self.rows = {"a": 1, 'b': (2, 3)}
''',
    "javascript": """\
import { readFile } from 'node:fs/promises';

// Läser 😀 filer.
export async function read(path, { limit = 10 } = {}) {
  const text = await readFile(path, 'utf8');
  const rows = text.split(/[\\r\\n/"']+/g).filter((row) => row.length > 0);
  if (!rows.length) {
    throw new Error(`${path}: no ${rows[0] ?? `rows in ${path}`}!`);
  }
  return rows.slice(0, limit);
}

class Reader extends Base {
  #rows = [1, 2 / 3];
  get size() {
    return this.#rows.length; /* of all */
  }
}
""",
    "javascriptreact": """\
export function List({ items, onPick }) {
  const [open, setOpen] = useState(false);
  return (
    <ul className="list" onClick={() => setOpen(!open)}>
      Don't pick {items.length} 😀
      {items.map((item) => (
        <li key={item.id}>{item.name}</li>
      ))}
      <hr />
    </ul>
  );
}
""",
    "typescript": """\
import type { Row } from './row';

export interface Options<T extends Row = Row> {
  limit?: number;
  readonly map: (row: T) => string;
}

export type Key = `row-${string}` | 'none';

enum Level {
  Low = 1,
  High, // 😀
}

export abstract class Reader<T extends Row> {
  private rows: T[] = [];
  constructor(private readonly options: Options<T>) {}
  abstract read(path: string): Promise<T[]>;
  names(): string[] {
    return this.rows.map((row) => this.options.map(row) as string);
  }
}
""",
    "typescriptreact": """\
type Props = { items: string[]; title?: string };

export const List: React.FC<Props> = ({ items, title = "It's" }) => {
  const shown = items.filter((item): item is string => item !== '😀');
  return (
    <section>
      <h1>{title} isn't empty</h1>
      {shown.map((item) => <p key={item}>{`${item}!`}</p>)}
    </section>
  );
};
""",
    "java": """\
package com.example;

import java.util.List;

/** Läser 😀 filer. */
public final class Reader<T> implements Closeable {
  private static final char QUOTE = '\\'';

  @Override
  public void close() throws IOException {
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i) == null) {
        continue;
      }
      log("row \\"" + i + "\\"", r -> r.name());
    }
  }

  enum Level { LOW, HIGH }
}
""",
    "go": """\
package reader

import (
	"fmt"
	"strings"
)

// Reader läser 😀 filer.
type Reader struct {
	rows  []string
	limit int `json:"limit"`
}

func (r *Reader) Read(path string) ([]string, error) {
	if len(r.rows) == 0 {
		return nil, fmt.Errorf("no rows in %q", path)
	}
	for i, row := range r.rows {
		r.rows[i] = strings.Trim(row, "'\\t")
	}
	return r.rows[:r.limit], nil
}
""",
    "rust": """\
use std::fs;

/// Läser 😀 filer.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rows: Vec<&'a str>,
    quote: char,
}

impl<'a> Reader<'a> {
    pub fn read(&self, path: &str) -> Result<String, Error> {
        let raw = r#"a "quoted" row"#;
        match path.chars().next() {
            Some('\\'') | Some('"') => Err(Error::new("quote")),
            Some(_) if self.rows.is_empty() => Ok(raw.to_string()),
            _ => Ok(format!("{}", self.rows.len())),
        }
    }
}
""",
    "c": """\
#include <stdio.h>
#define ROWS(x) ((x) + 1)

/* Läser 😀 filer. */
struct reader {
    const char *path;
    size_t limit;
};

static int read_rows(struct reader *r, char quote)
{
    char line[256] = {0};
    while (fgets(line, sizeof line, stdin)) {
        if (line[0] == '\\'' || line[0] == quote)
            continue;
        printf("%s: \\"%zu\\"\\n", r->path, r->limit);
    }
    return ROWS(0);
}
""",
    "cpp": """\
#include <vector>

namespace reader {

// Läser 😀 filer.
template <typename T>
class Reader : public Base {
 public:
  explicit Reader(std::vector<T> rows) : rows_(std::move(rows)) {}
  auto read(const std::string& path) const -> std::string {
    auto raw = R"x(a "quoted" row)x";
    for (const auto& row : rows_) {
      if (row.empty()) return [&](auto x) { return x + 1; }(path);
    }
    return raw;
  }

 private:
  std::vector<T> rows_{};
};

}  // namespace reader
""",
    "csharp": '''\
using System.Linq;

namespace Example
{
    /// <summary>Läser 😀 filer.</summary>
    public sealed class Reader<T> : IDisposable where T : class
    {
        private readonly string _path = @"c:\\""rows""";
        public int Limit { get; set; } = 10;

        public string Read(string[] rows)
        {
            foreach (var row in rows.Where(r => r != null))
            {
                Log($"{row} in {_path}: {{{Limit + 1}}}", '\\'');
            }
            return rows[0] ?? throw new InvalidOperationException();
        }
    }
}
''',
    "ruby": """\
require 'json'

# Läser 😀 filer.
module Reading
  class Reader < Base
    attr_reader :rows

    def read(path, limit: 10)
      text = <<~SQL
        it's #{path} (
      SQL
      rows.each_with_index do |row, i|
        next if row =~ /["']#{limit}/
        puts "#{i}: #{row['name']}"
      end
      rows.map { |row| row.to_s }.first(limit)
    end
  end
end
""",
    "php": """\
<?php

namespace Example;

use Psr\\Log\\{LoggerInterface, NullLogger};

/** Läser 😀 filer. */
final class Reader extends Base
{
    private array $rows = ['a' => 1, "b" => 2];

    public function read(string $path, int $limit = 10): ?string
    {
        // Not more than asked for.
        foreach ($this->rows as $key => $row) {
            if (!isset($row)) {
                throw new \\RuntimeException("no {$this->rows[$key]} in $path");
            }
        }
        return $this->rows[$path] ?? null;
    }
}
""",
    "shellscript": """\
#!/usr/bin/env bash
# Läser 😀 filer.
set -euo pipefail

read_rows() {
  local path="$1" n=${#1}
  for row in "$path"/*.txt; do
    if [[ -f "$row" && $n -gt 0 ]]; then
      echo "row $(basename "$row"): ${row%%.*}"
    fi
  done
}

case "$1" in
  -h|--help) echo 'it is "easy"' ;;
  *) read_rows "$1" ;;
esac

cat <<EOF
don't (
EOF
""",
}
