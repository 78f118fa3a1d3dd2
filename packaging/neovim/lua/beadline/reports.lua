-- Puts the server's answers into lines to read. Knows no window and no server.

local M = {}

local function percent(share)
  return type(share) == 'number' and ('%.0f %%'):format(100 * share) or '-'
end

local function milliseconds(value)
  return type(value) == 'number' and ('%.0f ms'):format(value) or '-'
end

local function size(bytes)
  if bytes >= 1e9 then
    return ('%.1f GB'):format(bytes / 1e9)
  end
  return ('%.0f MB'):format(bytes / 1e6)
end

local function add_text(lines, text)
  vim.list_extend(lines, vim.split(text, '\n', { plain = true }))
end

local function add_section(lines, title, text)
  if text and text ~= '' then
    vim.list_extend(lines, { '', ('--- %s ---'):format(title) })
    add_text(lines, text)
  end
end

--- Answer of `beadline.lastPrompt`.
function M.prompt(answer)
  local lines = {
    ('Document:  %s'):format(answer.path),
    ('Model:     %s, layout %s'):format(answer.family, answer.layout),
    ('Answered:  %s'):format(answer.answeredFrom),
    ('Tokens:    %d in all; %d before the cursor, %d behind it, %d of snippets'):format(
      answer.tokens.prompt,
      answer.tokens.prefix,
      answer.tokens.suffix,
      answer.tokens.snippets
    ),
    ('Left out:  %d characters before the cursor, %d behind it'):format(
      answer.dropped.prefix,
      answer.dropped.suffix
    ),
  }
  add_section(lines, 'suggestion', answer.suggestion)
  for number, snippet in ipairs(answer.snippets) do
    local why = snippet.source
    if snippet.reason and snippet.reason ~= '' then
      why = ('%s, for %s'):format(why, snippet.reason)
    end
    add_section(lines, ('snippet %d: %s (%s)'):format(number, snippet.path, why), snippet.text)
  end
  add_section(lines, 'prompt', answer.prompt)
  add_section(lines, 'spelled again by the model', answer.typed)
  return lines
end

local function counts(lines, title, of)
  vim.list_extend(lines, {
    '',
    title,
    ('  requests    %d, with a suggestion %d'):format(of.requests, of.answers),
    ('  shown       %d'):format(of.shown),
    ('  accepted    %d (%s of the characters shown)'):format(of.accepted, percent(of.acceptance)),
    ('  still kept  %s after 30 s, %s after 5 minutes'):format(
      percent(of.kept_30s),
      percent(of.kept_300s)
    ),
    ('  latency     %s for half of them, %s for 95 %%'):format(
      milliseconds(of.latency_p50_ms),
      milliseconds(of.latency_p95_ms)
    ),
  })
end

local function names(groups)
  local found = vim.tbl_keys(groups or {})
  table.sort(found)
  return found
end

--- Answer of `beadline.statistics`.
function M.statistics(answer)
  if not answer.enabled then
    return { 'Nothing is counted: statistics.enabled is false.' }
  end
  local lines = {
    'What became of suggestions, counted on this machine and kept in',
    answer.file,
  }
  local since = type(answer.since) == 'string' and answer.since or ''
  counts(lines, since ~= '' and 'All, since ' .. since or 'All', answer.total)
  for _, name in ipairs(names(answer.languages)) do
    counts(lines, 'Language ' .. name, answer.languages[name])
  end
  for _, name in ipairs(names(answer.models)) do
    counts(lines, 'Model ' .. name, answer.models[name])
  end
  return lines
end

--- Answer of `beadline.indexStatus`.
function M.index(answer)
  local lines = {}
  for _, folder in ipairs(answer.folders) do
    vim.list_extend(lines, {
      folder.folder,
      ('  %d files in %d pieces, %s'):format(folder.files, folder.chunks, size(folder.bytes)),
      ('  %s, looked at last: %s'):format(
        folder.complete and 'complete' or 'not complete yet',
        folder.updated ~= '' and folder.updated or 'never'
      ),
    })
    if folder.problem ~= '' then
      table.insert(lines, '  ' .. folder.problem)
    end
    table.insert(lines, '')
  end
  if #lines == 0 then
    table.insert(lines, 'No folder is indexed: the server was given none.')
  end
  vim.list_extend(lines, answer.problems or {})
  return lines
end

--- One line for a model of `beadline.models`.
function M.model(model)
  local text = ('%s  %s, %s'):format(model.name, model.family, size(model.size))
  if model.configured then
    text = text .. '  (in use)'
  end
  if model.problem ~= '' then
    text = ('%s  - %s'):format(text, model.problem)
  end
  return text
end

return M
