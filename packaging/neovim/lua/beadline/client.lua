-- Starts the server, finds it again, and speaks to it. Knows no suggestion and no key.

local config = require('beadline.config')
local life = require('beadline.life')
local status = require('beadline.status')
local version = require('beadline.version')

local M = {}

--- Name of the client, and of its section in settings.
M.NAME = 'beadline'

local GROUP = 'beadline.client'
--- How long a server that is to end may take, its engine included.
local STOP_MS = 8000

function M.notify(message, level)
  vim.notify('beadline: ' .. message, level or vim.log.levels.INFO)
end

-- Speaking

--- Call a client's method: they took no `self` before Neovim 0.11.
local function call(client, method, ...)
  if version.has('0.11') then
    return client[method](client, ...)
  end
  return client[method](...)
end

--- Send a request; its id, or nil if the server is gone.
function M.request(client, method, params, handler, bufnr)
  local sent, id = call(client, 'request', method, params, handler, bufnr)
  return sent and id or nil
end

function M.cancel(client, id)
  call(client, 'cancel_request', id)
end

function M.tell(client, method, params)
  call(client, 'notify', method, params)
end

--- The client that serves a buffer; without one, any that runs. Nil if there is none.
function M.find(bufnr)
  local of_buffer = vim.lsp.get_clients({ name = M.NAME, bufnr = bufnr })
  return of_buffer[1] or vim.lsp.get_clients({ name = M.NAME })[1]
end

--- Whether the server has a command.
function M.offers(client, command)
  local provider = client.server_capabilities.executeCommandProvider
  local commands = type(provider) == 'table' and provider.commands or {}
  return vim.tbl_contains(commands, command)
end

--- Run a command of the server. `done` is given its answer; an error is shown.
function M.execute(client, command, arguments, done)
  local params = { command = command, arguments = arguments }
  M.request(client, 'workspace/executeCommand', params, function(err, result)
    if err then
      M.notify(err.message or 'the server gave no reason.', vim.log.levels.ERROR)
    elseif done then
      done(result)
    end
  end)
end

-- Starting

local function reuses(client, settings)
  -- One server for all folders: each would load the model.
  local is_ending = life.is_ending(client.id) or call(client, 'is_stopped')
  return client.name == settings.name and not is_ending
end

--- What Neovim has to know to run the server: see |vim.lsp.ClientConfig| and |vim.lsp.Config|.
function M.configuration()
  local options = config.get()
  local capabilities = { textDocument = { inlineCompletion = { dynamicRegistration = false } } }
  if not version.has('0.11') then
    local all = vim.lsp.protocol.make_client_capabilities()
    capabilities = vim.tbl_deep_extend('force', all, capabilities)
  end
  local has_settings = not vim.tbl_isempty(options.settings)
  return {
    cmd = vim.deepcopy(options.cmd),
    filetypes = vim.deepcopy(options.filetypes),
    root_markers = vim.deepcopy(options.root_markers),
    capabilities = capabilities,
    settings = has_settings and { [M.NAME] = vim.deepcopy(options.settings) } or {},
    handlers = {
      ['beadline/status'] = function(_, params, context)
        status.set(context.client_id, params)
      end,
    },
    on_exit = function(code, signal, client_id)
      life.ended(code, signal, client_id, M.start)
    end,
    reuse_client = reuses,
  }
end

--- The same with what the user has added to it by means of Neovim's own.
local function resolved()
  local settings = version.has('0.11') and vim.deepcopy(vim.lsp.config[M.NAME])
    or M.configuration()
  settings.name = M.NAME
  return settings
end

local function serves(settings, bufnr)
  return vim.api.nvim_buf_is_loaded(bufnr)
    and vim.bo[bufnr].buftype == ''
    and (not settings.filetypes or vim.tbl_contains(settings.filetypes, vim.bo[bufnr].filetype))
end

--- Whether a command can be run at all.
function M.is_program(cmd)
  return type(cmd) ~= 'table' or vim.fn.executable(cmd[1]) == 1
end

--- Have a buffer served, if it is of the languages chosen, by the server that runs or a new one.
function M.start(bufnr)
  local settings = resolved()
  if not serves(settings, bufnr) or not M.is_program(settings.cmd) then
    return
  end
  local function begin(root)
    settings.root_dir = root
    vim.lsp.start(settings, { bufnr = bufnr, reuse_client = settings.reuse_client })
  end
  if type(settings.root_dir) == 'function' then
    settings.root_dir(bufnr, begin)
  else
    begin(settings.root_dir or vim.fs.root(bufnr, settings.root_markers or {}))
  end
end

local function start_all()
  vim.tbl_map(M.start, vim.api.nvim_list_bufs())
end

local function tell_if_missing()
  local cmd = config.get().cmd
  if not M.is_program(cmd) then
    local message = 'the server was not found: %q is no program on the PATH. Install it '
      .. '(:help beadline-install), or name it in `setup{ cmd = ... }`; then see '
      .. ':checkhealth beadline.'
    M.notify(message:format(cmd[1]), vim.log.levels.ERROR)
  end
end

--- Tell the user, once, that there is no server, but not before a file wants one.
local function expect_program(group)
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if serves(config.get(), bufnr) then
      tell_if_missing()
      return
    end
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    callback = function(event)
      if not serves(config.get(), event.buf) then
        return false
      end
      tell_if_missing()
      return true -- it is not needed any more
    end,
  })
end

--- Have the server started for files of the languages chosen, now and from now on.
function M.enable()
  local group = vim.api.nvim_create_augroup(GROUP, { clear = true })
  expect_program(group)
  if version.has('0.11') then
    -- What was found out with other options does not hold any more.
    vim.lsp.config(M.NAME, {})
    vim.lsp.enable(M.NAME)
  else
    vim.api.nvim_create_autocmd('FileType', {
      group = group,
      callback = function(event)
        M.start(event.buf)
      end,
    })
  end
  if vim.v.vim_did_enter == 1 then
    start_all()
  end
end

--- End the server and start it anew, with what is configured by now.
function M.restart()
  if version.has('0.11') then
    vim.lsp.config(M.NAME, {})
  end
  local clients = vim.lsp.get_clients({ name = M.NAME })
  if #clients == 0 then
    tell_if_missing()
    start_all()
  end
  for _, client in ipairs(clients) do
    life.restarts(client.id)
    call(client, 'stop')
    vim.defer_fn(function()
      call(client, 'stop', true) -- nothing where it has ended
    end, STOP_MS)
  end
end

-- Buffers

local function include_folder(client, bufnr)
  local root = vim.fs.root(bufnr, config.get().root_markers)
  if not root then
    return
  end
  local folder = { uri = vim.uri_from_fname(root), name = root }
  for _, known in ipairs(client.workspace_folders or {}) do
    if known.uri == folder.uri then
      return
    end
  end
  client.workspace_folders = client.workspace_folders or {}
  table.insert(client.workspace_folders, folder)
  local event = { added = { folder }, removed = {} }
  M.tell(client, 'workspace/didChangeWorkspaceFolders', { event = event })
end

--- The server serves a buffer from now on.
function M.attached(client, bufnr)
  life.attached(client.id, bufnr)
  include_folder(client, bufnr)
end

--- The user looks at a buffer.
function M.focused(bufnr)
  for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME, bufnr = bufnr })) do
    local document = { uri = vim.uri_from_bufnr(bufnr) }
    M.tell(client, 'textDocument/didFocus', { textDocument = document })
  end
end

return M
