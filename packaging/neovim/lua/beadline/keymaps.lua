-- Gives keys of insert mode a meaning while a suggestion is to be seen, and leaves them what they
-- were otherwise. Knows no suggestion.

local M = {}

local DESCRIPTION = 'beadline: accept '

local before = {} -- by key: the mapping it had, as `maparg` tells it; empty where it had none

local function feed(keys, remap)
  -- Before what was typed since, so that the order is kept.
  vim.api.nvim_feedkeys(keys, remap and 'im' or 'in', false)
end

--- What a mapping stands for, as written; nil for a function.
local function rhs_of(mapping)
  local script = ('<SNR>%d_'):format(mapping.sid or 0)
  return mapping.rhs and (mapping.rhs:gsub('<SID>', script))
end

--- Do what the key would have done without us.
local function fall_back(key)
  local mapping = before[key] or {}
  local remap = mapping.noremap == 0
  if vim.tbl_isempty(mapping) then
    feed(vim.keycode(key), false)
  elseif mapping.expr ~= 1 and mapping.callback then
    mapping.callback()
  elseif mapping.expr ~= 1 then
    feed(vim.keycode(rhs_of(mapping)), remap)
  else
    local keys = mapping.callback and mapping.callback() or vim.api.nvim_eval(rhs_of(mapping))
    -- They are codes already, unless the mapping wants them replaced.
    if type(keys) == 'string' then
      feed(mapping.replace_keycodes == 1 and vim.keycode(keys) or keys, remap)
    end
  end
end

local function remember(key)
  local mapping = vim.fn.maparg(key, 'i', false, true)
  if not vim.startswith(mapping.desc or '', DESCRIPTION) then
    -- One for a buffer is not ours to replace, nor to repeat elsewhere.
    before[key] = mapping.buffer ~= 1 and mapping or {}
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
