-- Says whether this Neovim is new enough, and what it can. Loads in every Neovim that has Lua;
-- knows nothing of the rest of the plugin.

local M = {}

M.PLUGIN = '0.1.0'

local OLDEST = '0.10'

--- Whether this Neovim is of a version, such as '0.12', or newer.
function M.has(version)
  return vim.fn.has('nvim-' .. version) == 1
end

--- Why the plugin cannot be used here, in a sentence or two; nil if it can.
function M.problem()
  if M.has(OLDEST) then
    return nil
  end
  local found = vim.fn.matchstr(vim.fn.execute('version'), 'NVIM v\\zs[0-9.]*')
  return ('beadline needs Neovim %s or newer; this is %s. '):format(OLDEST, found)
    .. 'Install a newer Neovim, or remove the plugin: nothing of it is active.'
end

--- Whether the plugin can be used; tells the user why not.
function M.check()
  local problem = M.problem()
  if problem then
    -- Not as an error: where a file is being read Neovim would call that a fault of the file.
    vim.api.nvim_echo({ { problem, 'ErrorMsg' } }, true, {})
  end
  return problem == nil
end

return M
