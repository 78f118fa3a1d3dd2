vim.lsp.config('beadline', {
  cmd = { 'beadline', 'serve', '--stdio' },
  filetypes = { 'python' },
  root_markers = { '.git' },
})
vim.lsp.enable('beadline')
vim.lsp.inline_completion.enable()
vim.keymap.set('i', '<Tab>', function()
  if not vim.lsp.inline_completion.get() then
    return '<Tab>'
  end
end, { expr = true, desc = 'Accept the suggestion' })
