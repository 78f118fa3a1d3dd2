-- Takes a suggestion, or the beginning of it, into the text, and tells the server. Knows no key and
-- not how suggestions come to be seen.

local client_of = require('beadline.client')
local ghost = require('beadline.ghost')
local position = require('beadline.position')

local M = {}

local PARTIALLY_ACCEPTED = 'textDocument/didPartiallyAcceptCompletion'

--- By name, what of a text is taken: a function from the text to its beginning.
local PARTS = {
  all = function(text)
    return text
  end,
  -- The next word or run of signs, with the white space before it. Bytes above 127 are of letters.
  word = function(text)
    return text:match('^%s*[%w_\128-\255]+') or text:match('^%s*[^%s%w_\128-\255]+') or text
  end,
  -- The rest of the line; where nothing is left of it, the next one.
  line = function(text)
    return text:match('^\n*[^\n]*')
  end,
}

--- Names of the parts that can be taken.
M.PARTS = { 'all', 'word', 'line' }

--- Insert at the cursor, in place of so many bytes behind it; the cursor is behind it then.
local function insert(bufnr, text, removed)
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local stop = math.min(column + removed, #vim.api.nvim_get_current_line())
  local lines = vim.split(text, '\n', { plain = true })
  vim.api.nvim_buf_set_text(bufnr, row - 1, column, row - 1, stop, lines)
  local before = #lines == 1 and column or 0
  vim.api.nvim_win_set_cursor(0, { row - 1 + #lines, before + #lines[#lines] })
end

--- Tell the server what the text has of an item now: all of it, or its beginning.
local function tell(suggestion, taken, is_all)
  local client = vim.lsp.get_client_by_id(suggestion.client_id)
  local command = suggestion.item.command
  if not client or not command then
    return
  end
  if is_all then
    client_of.execute(client, command.command, command.arguments)
  else
    client_of.tell(client, PARTIALLY_ACCEPTED, { item = suggestion.item, acceptedLength = taken })
  end
end

--- Take a part of a suggestion. Returns false if the text has gone another way meanwhile.
local function take(bufnr, suggestion, part)
  local rest = ghost.rest(bufnr, suggestion)
  if not rest or not vim.bo[bufnr].modifiable then
    ghost.hide(bufnr)
    return false
  end
  local piece = PARTS[part](rest)
  local left = rest:sub(#piece + 1)
  local done = suggestion.text:sub(1, #suggestion.text - #left)
  -- What it replaces is on its first line, and stays until that is there as a whole.
  local is_line = left == '' or done:find('\n', 1, true) or vim.startswith(left, '\n')
  insert(bufnr, piece, is_line and suggestion.removed or 0)
  local units = suggestion.units + position.utf16_length(done)
  tell(suggestion, units, left == '')
  if left == '' then
    ghost.hide(bufnr)
    return true
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  ghost.show(bufnr, {
    row = row - 1,
    column = column,
    text = left,
    removed = is_line and 0 or suggestion.removed,
    item = suggestion.item,
    units = units,
    client_id = suggestion.client_id,
  })
  return true
end

--- Take what can be seen in the current buffer: 'all' of it, the next 'word' or 'line'.
--- `otherwise` is called if the text turns out to have gone another way. Returns false if nothing
--- is to be seen.
function M.accept(display, part, otherwise)
  local bufnr = vim.api.nvim_get_current_buf()
  return display.take(bufnr, function(suggestion)
    if not take(bufnr, suggestion, part) and otherwise then
      otherwise()
    end
  end)
end

return M
