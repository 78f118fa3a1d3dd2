-- Shows lines to read in a window of their own. Knows nothing of what they say.

local M = {}

--- Show them below what there is; `q` closes it. What was shown under the same name goes.
function M.show(name, lines)
  local full = 'beadline://' .. name
  local old = vim.fn.bufnr('^' .. full .. '$')
  if old ~= -1 then
    vim.api.nvim_buf_delete(old, { force = true })
  end
  vim.cmd('botright new')
  local bufnr = vim.api.nvim_get_current_buf()
  vim.bo[bufnr].buftype = 'nofile'
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.bo[bufnr].swapfile = false
  vim.api.nvim_buf_set_name(bufnr, full)
  local text = table.concat(lines, '\n') -- some have line ends of their own
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, vim.split(text, '\n', { plain = true }))
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = bufnr, desc = 'Close' })
end

return M
