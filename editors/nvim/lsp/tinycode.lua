-- The server as data, for vim.lsp.enable('tinycode'). Every file type: the server itself is quiet where it should be.
return {
  cmd = require('tinycode').command(),
  root_markers = { '.tinycode.toml', '.git' },
}
