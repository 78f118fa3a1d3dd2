-- Gives keys of insert mode a meaning while a suggestion is to be seen, and leaves them what they
-- were otherwise. Knows no suggestion.

local M = {}

local DESCRIPTION = 'beadline: accept '

local before = {} -- by key: the mapping it had, as `maparg` tells it; empty where it had none

local function feed(keys, remap)
  -- Before what was typed since, so that the order is kept.
  vim.api.nvim_feedkeys(keys, remap and 'im' or 'in', false)
end

--- What the key would have done without us.
local function fall_back(key)
  local mapping = before[key] or {}
  local remap = mapping.noremap == 0
  local result = mapping.rhs
  if mapping.callback then
    result = mapping.callback()
  elseif mapping.expr == 1 then
    result = vim.api.nvim_eval(mapping.rhs)
  end
  if vim.tbl_isempty(mapping) then
    feed(vim.keycode(key), false)
  elseif type(result) == 'string' and (mapping.expr == 1 or not mapping.callback) then
    -- Keys of an expression are codes already, unless it wants them replaced.
    local are_codes = mapping.expr == 1 and mapping.replace_keycodes ~= 1
    feed(are_codes and result or vim.keycode(result), remap)
  end
end

local function remember(key)
  local mapping = vim.fn.maparg(key, 'i', false, true)
  if not vim.startswith(mapping.desc or '', DESCRIPTION) and mapping.buffer ~= 1 then
    before[key] = mapping
  end
end

--- Map the keys: `parts` has a key, or false, by what it accepts. `accept` is given that, and what
--- to do if the suggestion does not fit any more; it returns whether there was one.
function M.set(parts, accept)
  for part, key in pairs(parts) do
    if key then
      remember(key)
      local otherwise = function()
        fall_back(key)
      end
      vim.keymap.set('i', key, function()
        if not accept(part, otherwise) then
          otherwise()
        end
      end, { desc = DESCRIPTION .. part })
    end
  end
end

return M
