-- :checkhealth tinycode
return { check = function()
  local health, tinycode = vim.health, require('tinycode')
  local server = tinycode.command()[1]
  health.start('tinycode')
  if vim.fn.executable(server) == 1 then health.ok('server: ' .. server) else
    health.error('no ' .. server .. ' on PATH or in ~/.local/bin', { 'in the clone of tinycode-ls: pipx install .',
      "or setup({ cmd = { '/path/to/tinycode-ls' } }), see :help tinycode.setup()" })
  end
  local status = tinycode.client() and require('tinycode.commands').ask('tinycode.status')
  if not status then
    return health.warn('the server does not run',
      { 'call setup() in init.lua, then open a file', 'where it ended: :Tinycode log, :Tinycode restart' })
  end
  health.info(status.summary or 'the server is older than this plugin; install it again')
  if status.problem ~= '' then health.error(status.problem, { 'run :Tinycode tune' }) end
end }
