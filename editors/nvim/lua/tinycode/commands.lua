-- What :Tinycode does.
local M = {}
local tinycode = require('tinycode')

--- The server's answer to one of its commands; nil, with a message, when it does not run here.
function M.ask(command)
  local client = tinycode.client(0) or tinycode.client()
  if not client then return vim.notify('tinycode: no server here; see :checkhealth tinycode', vim.log.levels.WARN) end
  local answer = client:request_sync('workspace/executeCommand', { command = command, arguments = {} }, 2000, 0)
  local result = answer and answer.result
  return result ~= vim.NIL and result or nil
end

function M.describe(status)
  local lines = { 'tinycode: ' .. status.state }
  for _, model in ipairs(status.models) do
    lines[#lines + 1] = ('model for %s: %s (%s)'):format(model.language, model.path, model.origin)
  end
  lines[#lines + 1] = ('index: %d files, %.1f MB'):format(status.index.files or 0, (status.index.bytes or 0) / 1e6)
  if status.problem ~= '' then lines[#lines + 1] = status.problem end
  return lines
end

function M.status()
  local status = M.ask('tinycode.status')
  if status then vim.notify(table.concat(M.describe(status), '\n')) end
end

function M.explain()
  local found = M.ask('tinycode.explain')
  vim.notify('tinycode: ' .. (found and found.summary or 'nothing was suggested yet'))
end

--- To the place the last suggestion comes from.
function M.jump()
  for _, source in ipairs((M.ask('tinycode.explain') or { sources = {} }).sources) do
    if source.uri then
      vim.cmd.edit(vim.uri_to_fname(source.uri))
      return vim.api.nvim_win_set_cursor(0, { math.min(source.line, vim.api.nvim_buf_line_count(0)), 0 })
    end
  end
  vim.notify('tinycode: the last suggestion comes from no file')
end

function M.toggle() tinycode.toggle() end

--- Train on this repository, in a terminal; the server picks the new model up by itself. Flags go to tinycode-train.
function M.tune(flags)
  local client = tinycode.client(0) or tinycode.client()
  local server = (vim.lsp.config.tinycode or {}).cmd or tinycode.command()
  local trainer = server[1]:match('tinycode%-ls$') and server[1]:gsub('ls$', 'train') or 'tinycode-train'
  vim.cmd('botright new')
  vim.fn.jobstart({ trainer, 'tune', unpack(flags) }, { term = true, cwd = client and client.root_dir })
end

function M.log() vim.cmd.tabedit(vim.lsp.log.get_filename()) end

--- Enabled again once it is gone, for 5 seconds at most.
function M.restart()
  vim.lsp.enable('tinycode', false)
  for _, client in ipairs(vim.lsp.get_clients({ name = 'tinycode' })) do client:stop() end
  vim.wait(5000, function() return not tinycode.client() end, 20)
  vim.lsp.enable('tinycode')
end

return M
