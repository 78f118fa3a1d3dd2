-- What the user may choose, its defaults, and what is wrong with a choice. Knows no server and no
-- key.

local M = {}

--- Neovim's names of the languages that the server knows by name.
local FILETYPES = {
  'bash',
  'c',
  'cpp',
  'cs',
  'css',
  'cuda',
  'dart',
  'dockerfile',
  'go',
  'html',
  'java',
  'javascript',
  'javascriptreact',
  'json',
  'jsonc',
  'kotlin',
  'less',
  'lua',
  'make',
  'markdown',
  'php',
  'python',
  'r',
  'ruby',
  'rust',
  'scala',
  'scss',
  'sh',
  'sql',
  'swift',
  'toml',
  'typescript',
  'typescriptreact',
  'yaml',
  'zsh',
}

local DEFAULTS = {
  -- The server's command line; what stands before `serve` is run for the plugin's other commands.
  cmd = { 'beadline', 'serve', '--stdio' },
  filetypes = FILETYPES,
  -- A folder with one of these, above a file, is a workspace folder of the server.
  root_markers = { '.git', '.hg', '.jj', '.svn' },
  -- What an editor may set, nested by section: see |beadline-settings|.
  settings = {},
  -- Keys of insert mode; false for none.
  keymaps = {
    accept = '<Tab>',
    accept_word = '<M-Right>',
    accept_line = '<M-C-Right>',
  },
}

local chosen = DEFAULTS

local function is_list_of_strings(value)
  if type(value) ~= 'table' or not vim.islist(value) then
    return false
  end
  for _, each in ipairs(value) do
    if type(each) ~= 'string' then
      return false
    end
  end
  return true
end

local function is_command(value)
  return is_list_of_strings(value) and #value > 0
end

local function is_table(value)
  return type(value) == 'table' and (vim.tbl_isempty(value) or not vim.islist(value))
end

local CHECKS = {
  cmd = { is_command, 'a list of strings: the program and its arguments' },
  filetypes = { is_list_of_strings, 'a list of strings' },
  root_markers = { is_list_of_strings, 'a list of strings' },
  settings = { is_table, 'a table, such as { completion = { max_lines = 4 } }' },
  keymaps = { is_table, 'a table, such as { accept = "<C-l>" }' },
}

local function merge_keymaps(values, problems)
  local merged = vim.deepcopy(DEFAULTS.keymaps)
  for name, key in pairs(values) do
    if merged[name] == nil then
      table.insert(problems, ('unknown key keymaps.%s'):format(name))
    elseif key ~= false and (type(key) ~= 'string' or key == '') then
      table.insert(problems, ('keymaps.%s must be a key or false'):format(name))
    else
      merged[name] = key
    end
  end
  return merged
end

--- Take the user's choices over the defaults. Returns what could not be taken, a phrase each.
function M.set(options)
  local problems = {}
  local taken = vim.deepcopy(DEFAULTS)
  for name, value in pairs(options or {}) do
    local check = CHECKS[name]
    if not check then
      table.insert(problems, ('unknown option %s'):format(name))
    elseif not check[1](value) then
      table.insert(problems, ('%s must be %s'):format(name, check[2]))
    elseif name == 'keymaps' then
      taken.keymaps = merge_keymaps(value, problems)
    else
      taken[name] = vim.deepcopy(value)
    end
  end
  chosen = taken
  table.sort(problems)
  return problems
end

--- What holds: everything is there, nothing of it may be changed.
function M.get()
  return chosen
end

--- A command line of the same beadline that serves, such as for `doctor`; nil where `cmd` does not
--- say which that is.
function M.command_line(...)
  local line = {}
  for _, part in ipairs(chosen.cmd) do
    if part == 'serve' then
      return vim.list_extend(line, { ... })
    end
    table.insert(line, part)
  end
  return nil
end

return M
