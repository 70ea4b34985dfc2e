-- :checkhealth tinycode
local M = {}

function M.check()
  local health, tinycode, commands = vim.health, require('tinycode'), require('tinycode.commands')
  health.start('tinycode')
  health.ok('ghost text by ' .. (vim.lsp.inline_completion and 'Neovim itself' or 'tinycode.ghost, for Neovim 0.11'))
  local command = (vim.lsp.config.tinycode or {}).cmd or tinycode.command()
  if type(command) == 'table' and vim.fn.executable(command[1]) == 1 then
    health.ok('server: ' .. table.concat(command, ' '))
  else
    health.error('no ' .. vim.inspect(command) .. ' in a virtual environment or on PATH',
      { 'pip install tinycode-ls', "or require('tinycode').setup({ cmd = { '/path/to/tinycode-ls' } })" })
  end
  if not vim.lsp.is_enabled('tinycode') then
    health.error('not enabled', { "call require('tinycode').setup() in your init.lua" })
  elseif not tinycode.client() then
    return health.warn('the server is not running', { 'open a file; then see :Tinycode log' })
  end
  local status = tinycode.client() and commands.ask('tinycode.status')
  for _, line in ipairs(status and commands.describe(status) or {}) do health.info(line) end
  if status and status.problem ~= '' then health.error(status.problem, { 'run :Tinycode tune' }) end
end

return M
