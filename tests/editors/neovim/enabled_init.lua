vim.lsp.enable('beadline')
vim.keymap.set('i', '<Tab>', function()
  if not require('beadline').accept() then
    vim.api.nvim_feedkeys(vim.keycode('<Tab>'), 'in', false)
  end
end)
