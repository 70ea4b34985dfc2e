-- What :Tinycode does.
local M = {}
local tinycode = require('tinycode')

--- The server's answer to one of its commands, {} for none; nil, with a message, when it does not run here.
function M.ask(command)
  local client = tinycode.client(0) or tinycode.client()
  if not client then return vim.notify('tinycode: no server here; see :checkhealth tinycode', vim.log.levels.WARN) end
  local asked = { command = command, arguments = {} }
  local answer, problem = client:request_sync('workspace/executeCommand', asked, 2000, 0)
  if answer and not answer.err then return answer.result ~= vim.NIL and answer.result or {} end
  vim.notify('tinycode: no answer: ' .. (problem or answer.err.message), vim.log.levels.WARN)
end

function M.describe(status)
  local lines = { 'tinycode: ' .. status.state }
  for _, model in ipairs(status.models) do
    table.insert(lines, ('model for %s: %s (%s)'):format(model.language, model.path, model.origin))
  end
  table.insert(lines, ('index: %d files, %.1f MB'):format(status.index.files or 0, (status.index.bytes or 0) / 1e6))
  return vim.trim(table.concat(lines, '\n') .. '\n' .. status.problem)
end

function M.status()
  local status = M.ask('tinycode.status')
  if status then vim.notify(M.describe(status)) end
end

function M.explain()
  local found = M.ask('tinycode.explain')
  if found then vim.notify('tinycode: ' .. (found.summary or 'nothing was suggested yet')) end
end

function M.jump() -- to the place the last suggestion comes from
  local found = M.ask('tinycode.explain')
  if not found then return end
  for _, source in ipairs(found.sources or {}) do
    local at = source.uri and { line = source.line - 1, character = 0 }
    if at and vim.bo.modified and not vim.o.hidden then vim.cmd.split() end -- else the text may not be left
    if at then return vim.lsp.util.show_document({ uri = source.uri, range = { start = at, ['end'] = at } }, 'utf-8') end
  end
  vim.notify('tinycode: the last suggestion comes from no file')
end

M.toggle = tinycode.toggle
function M.log() vim.cmd.tabedit(vim.lsp.log.get_filename()) end

--- Train on this repository, in a terminal; the server picks the new model up by itself. Flags go to tinycode-train.
function M.tune(...)
  local client, server = tinycode.client(0) or tinycode.client(), tinycode.command()[1]
  local trainer, named = server:gsub('tinycode%-ls(%.?%a*)$', 'tinycode-train%1') -- .exe on Windows
  if named == 0 then trainer = 'tinycode-train' end
  if vim.fn.executable(trainer) == 0 then
    return vim.notify('tinycode: no ' .. trainer .. "; in the clone of tinycode-ls: pipx install '.[train]'", vim.log.levels.ERROR)
  end
  vim.cmd('botright new')
  vim.fn.jobstart({ trainer, 'tune', ... }, { term = true, cwd = client and client.root_dir })
end

--- Enabled again once it is gone, for 5 seconds at most.
function M.restart()
  vim.lsp.enable('tinycode', false)
  vim.wait(5000, function() return not tinycode.client() end, 20)
  vim.lsp.enable('tinycode')
end

return M
