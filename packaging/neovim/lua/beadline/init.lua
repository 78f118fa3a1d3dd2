-- What users call: setup, accept, status. Puts the parts together; loads in every Neovim that has
-- Lua, and says where it is too old.

local version = require('beadline.version')

local M = {}

local GROUP = 'beadline'
local PARTS = { accept = 'all', accept_word = 'word', accept_line = 'line' }

--- Who asks for suggestions and knows what is to be seen.
local function display()
  return require(version.has('0.12') and 'beadline.native' or 'beadline.asking')
end

local function attach(client_id, bufnr)
  local client_of = require('beadline.client')
  local client = vim.lsp.get_client_by_id(client_id)
  if client and client.name == client_of.NAME then
    client_of.attached(client, bufnr)
    display().attach(client, bufnr)
  end
end

local function detach(client_id, bufnr)
  local client_of = require('beadline.client')
  local client = vim.lsp.get_client_by_id(client_id)
  if client and client.name == client_of.NAME then
    require('beadline.life').detached(client_id, bufnr)
    display().detach(bufnr)
  end
end

local function progress(client_id, params)
  local client = vim.lsp.get_client_by_id(client_id)
  if client and client.name == require('beadline.client').NAME then
    require('beadline.status').progress(client_id, params)
  end
end

--- Follow the server to the buffers it serves, however it was started. Nothing is lost by doing so
--- twice.
function M.watch()
  local group = vim.api.nvim_create_augroup(GROUP, { clear = true })
  local function on(event_name, callback)
    vim.api.nvim_create_autocmd(event_name, { group = group, callback = callback })
  end
  on('LspAttach', function(event)
    attach(event.data.client_id, event.buf)
  end)
  on('LspDetach', function(event)
    detach(event.data.client_id, event.buf)
  end)
  on('LspProgress', function(event)
    progress(event.data.client_id, event.data.params)
  end)
  on('BufEnter', function(event)
    require('beadline.client').focused(event.buf)
  end)
end

--- Configure the plugin and have the server started. See |beadline-setup|.
function M.setup(options)
  if not version.check() then
    return
  end
  local config = require('beadline.config')
  local client_of = require('beadline.client')
  local problems = config.set(options)
  if #problems > 0 then
    client_of.notify('setup: ' .. table.concat(problems, '; ') .. '.', vim.log.levels.ERROR)
  end
  local keys = {}
  for name, part in pairs(PARTS) do
    keys[part] = config.get().keymaps[name]
  end
  require('beadline.keymaps').set(keys, function(part, otherwise)
    return require('beadline.accept').accept(display(), part, otherwise)
  end)
  M.watch()
  client_of.enable()
end

--- Accept what can be seen: 'all' of it (the default), the next 'word' or 'line'. Returns false if
--- there is nothing. Not for mappings with `expr`, which may not change the text.
function M.accept(part)
  if not version.check() then
    return false
  end
  part = part or 'all'
  local accept = require('beadline.accept')
  if not vim.tbl_contains(accept.PARTS, part) then
    error(("accept: one of 'all', 'word' and 'line' is expected, not %s"):format(part), 2)
  end
  return accept.accept(display(), part)
end

--- A few words for a statusline; empty where no server runs. See |beadline-status|.
function M.status()
  if version.problem() then
    return ''
  end
  return require('beadline.status').text()
end

return M
