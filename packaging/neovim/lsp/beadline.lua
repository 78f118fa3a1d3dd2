-- The server for `vim.lsp.enable('beadline')` (Neovim 0.11 and newer). Knows nothing itself.

require('beadline').watch()

return require('beadline.client').configuration()
