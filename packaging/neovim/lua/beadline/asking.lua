-- Asks the server for suggestions while text is typed, where Neovim does not do so by itself
-- (before 0.12). Knows no drawing and no key.
--
-- `native.lua` has the same functions for newer versions.

local client_of = require('beadline.client')
local ghost = require('beadline.ghost')
local position = require('beadline.position')

local M = {}

local GROUP = 'beadline.asking'
local METHOD = 'textDocument/inlineCompletion'
local SHOWN = 'textDocument/didShowCompletion'
local AUTOMATIC = 2
--- Quiet time before a request. The server waits longer where the model is busy.
local DEBOUNCE_MS = 30

local states = {} -- by buffer: client_id, and while something is under way place, timer, request

--- Text and cursor, as far as they can be compared.
local function place(bufnr)
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  return ('%d:%d:%d'):format(vim.api.nvim_buf_get_changedtick(bufnr), row, column)
end

local function inserts_into(bufnr)
  return vim.api.nvim_get_current_buf() == bufnr
    and vim.startswith(vim.api.nvim_get_mode().mode, 'i')
end

--- Nobody waits for what was asked before.
local function give_up(state)
  if state.timer then
    if not state.timer:is_closing() then
      state.timer:stop()
      state.timer:close()
    end
    state.timer = nil
  end
  local client = vim.lsp.get_client_by_id(state.client_id)
  if state.request and client then
    client_of.cancel(client, state.request)
  end
  state.request = nil
end

local function show(bufnr, client, item)
  local row, cursor = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_get_current_line()
  local column, stop = cursor, cursor
  if item.range then
    local encoding = client.offset_encoding
    row = item.range.start.line + 1
    column = position.byte_column(line, item.range.start.character, encoding)
    stop = position.byte_column(line, item.range['end'].character, encoding)
  end
  local is_shown = ghost.show(bufnr, {
    row = row - 1,
    column = column,
    text = type(item.insertText) == 'table' and item.insertText.value or item.insertText,
    removed = math.max(stop - cursor, 0),
    item = item,
    units = 0,
    client_id = client.id,
  })
  if is_shown then
    client_of.tell(client, SHOWN, { item = item })
  end
end

local function request(bufnr, state)
  local client = vim.lsp.get_client_by_id(state.client_id)
  if not client or not inserts_into(bufnr) then
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = AUTOMATIC }
  local asked = place(bufnr)
  local id
  id = client_of.request(client, METHOD, params, function(err, result)
    if not id or state.request ~= id then
      return
    end
    state.request = nil
    if err or not inserts_into(bufnr) or place(bufnr) ~= asked then
      return
    end
    local item = result and (result.items or result)[1]
    if item then
      show(bufnr, client, item)
    else
      ghost.hide(bufnr)
    end
  end, bufnr)
  state.request = id
end

local function changed(bufnr, state)
  local now = place(bufnr)
  if now == state.place then
    return -- two events tell of one key
  end
  state.place = now
  give_up(state)
  state.timer = vim.defer_fn(function()
    state.timer = nil
    request(bufnr, state)
  end, DEBOUNCE_MS)
end

local function stop(state)
  state.place = nil
  give_up(state)
end

--- Begin to ask for suggestions in a buffer.
function M.attach(client, bufnr)
  if states[bufnr] then
    M.detach(bufnr)
  end
  local state = { client_id = client.id }
  states[bufnr] = state
  ghost.watch(bufnr)
  local group = vim.api.nvim_create_augroup(GROUP, { clear = false })
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  vim.api.nvim_create_autocmd({ 'InsertEnter', 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      changed(bufnr, state)
    end,
  })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      stop(state)
    end,
  })
  if inserts_into(bufnr) then
    changed(bufnr, state)
  end
end

--- The buffer has no server any more.
function M.detach(bufnr)
  local state = states[bufnr]
  if not state then
    return
  end
  states[bufnr] = nil
  stop(state)
  ghost.forget(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_clear_autocmds({ group = GROUP, buffer = bufnr })
  end
end

--- If a suggestion is to be seen, hand it to `apply` and return true.
function M.take(bufnr, apply)
  local suggestion = ghost.get(bufnr)
  if suggestion then
    apply(suggestion)
  end
  return suggestion ~= nil
end

return M
