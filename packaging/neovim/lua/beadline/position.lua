-- Turns the protocol's columns into bytes and lengths into UTF-16 units. Knows no suggestion.

local version = require('beadline.version')

local M = {}

--- Byte column, from 0, of a column in the units of `encoding`; that of the line's end if there is
--- no such column.
function M.byte_column(line, character, encoding)
  if encoding == 'utf-8' then
    return math.min(character, #line)
  end
  if version.has('0.11') then
    return vim.str_byteindex(line, encoding, character, false)
  end
  local found, column = pcall(vim.str_byteindex, line, character, encoding == 'utf-16')
  return found and column or #line
end

--- Length in UTF-16 units.
function M.utf16_length(text)
  if version.has('0.11') then
    return vim.str_utfindex(text, 'utf-16')
  end
  local _, units = vim.str_utfindex(text)
  return units
end

return M
