-- What :Tinycode does.
local M = {}
local tinycode = require('tinycode')

--- The server's answer to one of its commands; nil, with a message, when it does not run here.
function M.ask(command)
  local client = tinycode.client(0) or tinycode.client()
  if not client then
    vim.notify('tinycode: no server for this buffer; see :checkhealth tinycode', vim.log.levels.WARN)
    return nil
  end
  local params = { command = command, arguments = {} }
  local answer = client:request_sync('workspace/executeCommand', params, 2000, 0)
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

--- Train on this repository, in a terminal; the server picks the new model up by itself.
function M.tune()
  local trainer = tinycode.command()[1]:gsub('tinycode%-ls', 'tinycode-train')
  vim.cmd('botright new')
  vim.fn.jobstart({ trainer, 'tune' }, { term = true })
end

function M.log() vim.cmd.tabedit(vim.lsp.log.get_filename()) end

function M.restart()
  vim.lsp.enable('tinycode', false)
  vim.defer_fn(function() vim.lsp.enable('tinycode') end, 500)
end

return M
