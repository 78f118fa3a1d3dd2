-- Defines :Beadline. Starts nothing: that is `setup()`'s, or `vim.lsp.enable()`'s.

if vim.g.loaded_beadline then
  return
end
vim.g.loaded_beadline = true

if require('beadline.version').problem() then
  vim.cmd([[command! -nargs=* Beadline lua require('beadline.version').check()]])
  return
end

vim.api.nvim_create_user_command('Beadline', function(given)
  require('beadline.commands').run(given.fargs)
end, {
  nargs = '*',
  desc = 'Suggestions by beadline: see :help :Beadline',
  complete = function(lead, line)
    return require('beadline.commands').complete(lead, line)
  end,
})
