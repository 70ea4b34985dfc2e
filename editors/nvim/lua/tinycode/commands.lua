-- What :Tinycode does.
local M = {}
local tinycode = require('tinycode')
local NOTHING = 'nothing was suggested yet'

--- The server's answer to one of its commands, {} for none; nil, with a message, when it does not run here.
function M.ask(command)
  local client = tinycode.client(0) or tinycode.client()
  if not client then return vim.notify('tinycode: no server here; see :checkhealth tinycode', vim.log.levels.WARN) end
  local asked = { command = command, arguments = { vim.uri_from_bufnr(0) } }
  local answer, problem = client:request_sync('workspace/executeCommand', asked, 2000, 0)
  if answer and not answer.err then return answer.result ~= vim.NIL and answer.result or {} end
  vim.notify('tinycode: no answer: ' .. (problem or answer.err.message), vim.log.levels.WARN)
end

local function tell(command, otherwise)
  local answer = M.ask(command)
  if answer then vim.notify('tinycode: ' .. (answer.summary or otherwise)) end
end

function M.status() tell('tinycode.status', 'the server is older than this plugin; install it again') end
function M.explain() tell('tinycode.explain', NOTHING) end

function M.jump() -- to the place the last suggestion comes from
  local found = M.ask('tinycode.explain')
  if not found then return end
  local source = vim.iter(found.sources or {}):find(function(source) return source.uri end)
  if not source then
    return vim.notify('tinycode: ' .. (found.sources and 'the last suggestion comes from no file' or NOTHING))
  end
  local name = vim.uri_to_fname(source.uri)
  if vim.fn.filereadable(name) + vim.fn.bufloaded(name) == 0 then return vim.notify(('tinycode: %s is gone'):format(name)) end
  if vim.bo.modified and not vim.o.hidden then vim.cmd.split() end -- else the text may not be left
  vim.lsp.util.show_document({ uri = source.uri }, 'utf-8')
  vim.fn.cursor(source.line, 1) -- or in the last line
  vim.cmd.normal({ 'zv', bang = true })
end

M.toggle = tinycode.toggle
function M.log() vim.cmd.tabedit(vim.lsp.log.get_filename()) end

--- Train on this repository, in a terminal; the server picks the new model up by itself. Flags go to tinycode-train.
function M.tune(...)
  local folder, suffix = tinycode.command()[1]:match('(.*)tinycode%-ls(%.?%a*)$') -- .exe on Windows
  local trainer = (folder or '') .. 'tinycode-train' .. (suffix or '')
  if vim.fn.executable(trainer) == 0 then
    return vim.notify('tinycode: no ' .. trainer .. "; in the clone of tinycode-ls: pipx install --force '.[train]'", vim.log.levels.ERROR)
  end
  local root = tinycode.root(0) -- of this buffer, not of the terminal's
  vim.cmd('botright new')
  vim.fn.jobstart({ trainer, 'tune', ... }, { term = true, cwd = root })
  vim.cmd.normal({ 'G', bang = true }) -- else the window does not follow what is said
end

--- Enabled again once it is gone; one that hangs is ended after 5 seconds.
function M.restart()
  local function there() return vim.lsp.get_clients({ name = 'tinycode' }) end
  vim.lsp.enable('tinycode', false)
  vim.wait(5000, function() return #there() == 0 end, 20)
  for _, client in ipairs(there()) do client.rpc.terminate() end
  vim.lsp.enable('tinycode')
end

return M
