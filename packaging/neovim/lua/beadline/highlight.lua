-- Gives suggestions a colour of their own. Knows no suggestion.
--
-- Suggestions are drawn as `NonText`. Of that group Neovim's own colours say nothing for terminals
-- without true colours, where a suggestion would look like text that is there.

local M = {}

local GROUP = 'beadline.highlight'
local BASE = 'NonText'
--- Of the 256 colours of a terminal, one that is seen on black and on white.
local GREY = 244

local function define(name)
  local own = vim.api.nvim_get_hl(0, { name = name })
  if not vim.tbl_isempty(own) and own.link ~= BASE then
    return -- the user's, or the colour scheme's
  end
  local base = vim.api.nvim_get_hl(0, { name = BASE, link = false })
  if base.ctermfg then
    vim.api.nvim_set_hl(0, name, { link = BASE, default = true })
  else
    vim.api.nvim_set_hl(0, name, { fg = base.fg, ctermfg = GREY })
  end
end

--- See to it that the group `name` can be told from text, whatever the colour scheme. Nothing is
--- lost by doing so twice.
function M.watch(name)
  define(name)
  local group = vim.api.nvim_create_augroup(GROUP, { clear = true })
  vim.api.nvim_create_autocmd('ColorScheme', {
    group = group,
    callback = function()
      define(name)
      return false
    end,
  })
end

return M
