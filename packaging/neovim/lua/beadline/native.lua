-- Suggestions by Neovim's own `vim.lsp.inline_completion` (0.12 and newer), and what it leaves out:
-- requests that are superseded are cancelled, and what is left of a suggestion after a part of it
-- was accepted stays to be seen. Knows no key.
--
-- `asking.lua` has the same functions for older versions.

local client_of = require('beadline.client')
local ghost = require('beadline.ghost')

local M = {}

local GROUP = 'beadline.native'
local METHOD = 'textDocument/inlineCompletion'

local newest = {} -- by buffer: id of the request that is waited for

--- Cancel the requests of a buffer that are under way, but for one.
local function cancel_others(client, bufnr, kept)
  local superseded = {}
  for id, request in pairs(client.requests) do
    local is_ours = request.method == METHOD and request.bufnr == bufnr
    if is_ours and request.type == 'pending' and id ~= kept then
      table.insert(superseded, id)
    end
  end
  for _, id in ipairs(superseded) do
    client_of.cancel(client, id)
  end
  newest[bufnr] = kept
end

local function watch_requests(client_id, event)
  local id, request = event.data.request_id, event.data.request
  local client = vim.lsp.get_client_by_id(client_id)
  if event.data.client_id ~= client_id or request.method ~= METHOD or not client then
    return
  end
  if request.type == 'pending' then
    cancel_others(client, event.buf, id)
  elseif request.type == 'complete' and newest[event.buf] == id then
    newest[event.buf] = nil
    -- From now on Neovim shows what there is.
    ghost.hide(event.buf)
  end
end

--- Begin to ask for suggestions in a buffer.
function M.attach(client, bufnr)
  vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
  ghost.watch(bufnr)
  local group = vim.api.nvim_create_augroup(GROUP, { clear = false })
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  vim.api.nvim_create_autocmd('LspRequest', {
    group = group,
    buffer = bufnr,
    callback = function(event)
      watch_requests(client.id, event)
    end,
  })
  vim.api.nvim_create_autocmd({ 'TextChangedI', 'TextChangedP' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      cancel_others(client, bufnr)
    end,
  })
end

--- The buffer has no server any more.
function M.detach(bufnr)
  newest[bufnr] = nil
  ghost.forget(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_create_augroup(GROUP, { clear = false })
    vim.api.nvim_clear_autocmds({ group = GROUP, buffer = bufnr })
  end
end

--- Neovim's item as a suggestion.
local function suggestion_of(item)
  local row, cursor = unpack(vim.api.nvim_win_get_cursor(0))
  local column, stop = cursor, cursor
  row = row - 1
  if item.range then
    row, column, _, stop = item.range:to_extmark()
  end
  local text = item.insert_text
  return {
    row = row,
    column = column,
    text = type(text) == 'table' and text.value or text,
    removed = stop - column,
    item = { insertText = text, command = item.command },
    units = 0,
    client_id = item.client_id,
  }
end

--- If a suggestion is to be seen, hand it to `apply`, now or soon, and return true.
function M.take(bufnr, apply)
  local rest = ghost.get(bufnr)
  if rest then
    apply(rest)
    return true
  end
  return vim.lsp.inline_completion.get({
    bufnr = bufnr,
    on_accept = function(item)
      local client = vim.lsp.get_client_by_id(item.client_id)
      if not client or client.name ~= client_of.NAME then
        return item -- of another server, whose suggestions Neovim inserts
      end
      apply(suggestion_of(item))
      return nil
    end,
  })
end

return M
