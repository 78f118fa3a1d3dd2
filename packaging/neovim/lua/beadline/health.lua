-- :checkhealth beadline: what is there and what is missing. Knows nothing that the user cannot see.

local version = require('beadline.version')

local M = {}

local SECONDS = 20

local function check_program(health)
  local config = require('beadline.config')
  local cmd = config.get().cmd
  local line = config.command_line('--version')
  if vim.fn.executable(cmd[1]) == 0 then
    health.error(('%q is no program on the PATH.'):format(cmd[1]), {
      'Install it: see :help beadline-install.',
      'Or name it: `setup{ cmd = { "/path/to/beadline", "serve", "--stdio" } }`.',
    })
    return
  end
  health.ok(('The program is %s.'):format(vim.fn.exepath(cmd[1])))
  if not line then
    health.warn('`cmd` has no `serve`: :Beadline doctor and model cannot be run.')
    return
  end
  local result = vim.system(line, { text = true }):wait(SECONDS * 1000)
  if result.code == 0 then
    health.ok(('It is %s.'):format(vim.trim(result.stdout)))
  else
    health.error(
      ('`%s` failed: %s'):format(table.concat(line, ' '), vim.trim(result.stderr or '')),
      { 'Run it in a shell; then `beadline doctor`.' }
    )
  end
end

local function check_server(health)
  local name = require('beadline.client').NAME
  local clients = vim.lsp.get_clients({ name = name })
  if #clients == 0 then
    health.info('No server runs. Open a file of a language in `filetypes`, and look again.')
    return
  end
  for _, client in ipairs(clients) do
    local count = vim.tbl_count(client.attached_buffers or {})
    health.ok(
      ('A server runs (client %d, %s) for %d buffer(s).'):format(
        client.id,
        client.offset_encoding,
        count
      )
    )
    for _, folder in ipairs(client.workspace_folders or {}) do
      health.info('Folder: ' .. folder.name)
    end
  end
  local status = require('beadline.status')
  local now = status.get()
  local say = now and now.state == 'error' and health.error or health.info
  say(status.sentences())
end

local function check_keys(health)
  for name, key in pairs(require('beadline.config').get().keymaps) do
    local mapping = key and vim.fn.maparg(key, 'i', false, true) or {}
    if not key then
      health.info(('keymaps.%s: none.'):format(name))
    elseif vim.startswith(mapping.desc or '', 'beadline: ') then
      health.ok(('keymaps.%s: %s.'):format(name, key))
    else
      local message = 'keymaps.%s: %s is mapped to something else, or setup was not called.'
      health.warn(message:format(name, key), {
        'Choose another key in `setup{ keymaps = ... }`,',
        'or call `require("beadline").accept()` where yours is defined: see :help beadline-keys.',
      })
    end
  end
end

--- Called by :checkhealth.
function M.check()
  local problem = version.problem()
  if problem then
    -- Before Neovim 0.10 the functions had other names.
    local old = vim.health or require('health')
    local start, fail = old.report_start or old.start, old.report_error or old.error
    start('beadline')
    fail(problem)
    return
  end
  local health = vim.health
  health.start('beadline: Neovim')
  health.ok(('The plugin is %s, Neovim is new enough.'):format(version.PLUGIN))
  if version.has('0.12') then
    health.info('Suggestions are shown by Neovim itself (vim.lsp.inline_completion).')
  else
    health.info('Suggestions are shown by the plugin: Neovim does so itself from 0.12 on.')
  end
  health.start('beadline: the server')
  check_program(health)
  check_server(health)
  health.start('beadline: keys')
  check_keys(health)
end

return M
