-- Draws one suggestion a buffer as ghost text and keeps it in step with what is typed. Knows no
-- server and no key.
--
-- A suggestion is a table:
--   row, column  where it begins, both from 0, the column in bytes
--   text         what belongs there, with "\n" as line ends
--   removed      bytes behind the cursor that it replaces
--   item         as the server sent it
--   units        UTF-16 units of the item's text that come before `text`
--   client_id    whose it is

local highlight = require('beadline.highlight')
local version = require('beadline.version')

local M = {}

local GROUP = 'beadline.ghost'
--- Neovim's own display, where it has one, has a group of its own for it.
local HIGHLIGHT = version.has('0.12') and 'ComplHint' or 'BeadlineSuggestion'
local NAMESPACE = vim.api.nvim_create_namespace('beadline')

local suggestions = {} -- by buffer

--- What of a suggestion is still to come at the cursor; nil if something else was typed, all of it
--- was, or the cursor is elsewhere.
function M.rest(bufnr, suggestion)
  if vim.api.nvim_get_current_buf() ~= bufnr then
    return nil
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  if row - 1 ~= suggestion.row or column < suggestion.column then
    return nil
  end
  local line = vim.api.nvim_get_current_line()
  local typed = line:sub(suggestion.column + 1, column)
  if not vim.startswith(suggestion.text, typed) or #typed == #suggestion.text then
    return nil
  end
  return suggestion.text:sub(#typed + 1)
end

--- Tabs as wide as they are behind an indentation of tabs: virtual text shows no tabs.
local function displayed(bufnr, text)
  return (text:gsub('\t', (' '):rep(vim.bo[bufnr].tabstop)))
end

local function clear(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, NAMESPACE, 0, -1)
  end
end

local function draw(bufnr, suggestion, rest)
  local chunks = {}
  for _, line in ipairs(vim.split(displayed(bufnr, rest), '\n', { plain = true })) do
    table.insert(chunks, { { line, HIGHLIGHT } })
  end
  local first = table.remove(chunks, 1)
  clear(bufnr)
  vim.api.nvim_buf_set_extmark(
    bufnr,
    NAMESPACE,
    suggestion.row,
    vim.api.nvim_win_get_cursor(0)[2],
    {
      virt_text = first,
      -- Over what it replaces, before what it does not.
      virt_text_pos = suggestion.removed > 0 and 'overlay' or 'inline',
      virt_lines = #chunks > 0 and chunks or nil,
      hl_mode = 'combine',
    }
  )
end

--- Show a suggestion instead of the one before. Returns whether anything of it is to be seen.
function M.show(bufnr, suggestion)
  suggestions[bufnr] = suggestion
  return M.follow(bufnr)
end

--- Show nothing.
function M.hide(bufnr)
  suggestions[bufnr] = nil
  clear(bufnr)
end

--- The text or the cursor may have changed: show what is left, or nothing. Returns which.
function M.follow(bufnr)
  local suggestion = M.get(bufnr)
  if suggestion then
    draw(bufnr, suggestion, M.rest(bufnr, suggestion))
  else
    M.hide(bufnr)
  end
  return suggestion ~= nil
end

--- The suggestion that can be seen, or could as soon as it is drawn; nil if there is none.
function M.get(bufnr)
  local suggestion = suggestions[bufnr]
  if suggestion and vim.startswith(vim.api.nvim_get_mode().mode, 'i') then
    return M.rest(bufnr, suggestion) and suggestion
  end
  return nil
end

--- Begin to follow what is typed in a buffer. Nothing is lost by doing so twice.
function M.watch(bufnr)
  highlight.watch(HIGHLIGHT)
  local group = vim.api.nvim_create_augroup(GROUP, { clear = false })
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  vim.api.nvim_create_autocmd({ 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      M.follow(bufnr)
    end,
  })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      M.hide(bufnr)
    end,
  })
end

--- The buffer has no server any more.
function M.forget(bufnr)
  M.hide(bufnr)
  local group = vim.api.nvim_create_augroup(GROUP, { clear = false })
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  end
end

return M
