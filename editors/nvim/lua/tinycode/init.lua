-- Ghost text from tinycode-ls: set up, accept, cycle, dismiss, toggle. What is suggested is the server's work alone.
local M = {}
local inline = vim.lsp.inline_completion or require('tinycode.ghost') -- Neovim 0.12, or our stand-in for 0.11
local METHOD = 'textDocument/inlineCompletion'
local drawn = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')

--- The last question for ghost text: who answers it, to whom, for which place; the place where what was shown was
--- dismissed, and is not to come back by itself; the place for which alternatives are there.
local asked = {} ---@type {client:table?,handler:function?,at:string?,hushed:string?,several:string?}

--- Suggested keys; none of them is Tab. Each keeps its own meaning while nothing is shown.
M.keys = { accept = '<M-y>', accept_line = '<M-l>', accept_word = '<M-w>',
  next = '<M-]>', previous = '<M-[>', dismiss = '<M-e>' }

local function place() return vim.inspect({ vim.fn.bufnr(), vim.b.changedtick, vim.api.nvim_win_get_cursor(0) }) end

function M.client(buf) -- not one that was told to end, and hangs
  return vim.iter(vim.lsp.get_clients({ name = 'tinycode', bufnr = buf })):find(function(one) return not one:is_stopped() end)
end
function M.root(buf) return vim.fs.root(buf, '.tinycode.toml') or vim.fs.root(buf, '.git') end

--- The command that starts the server for a workspace: as set, else of its virtual environment where setup() trusts it
--- (anybody's clone may bring one), else on PATH or where pipx, uv and pip --user put it.
function M.command(root)
  local set = M.cmd or vim.tbl_get(vim.lsp.config, 'tinycode', 'cmd')
  if type(set) == 'table' then return set end
  root = M.project_environment and (root or M.root(0))
  local own = root and { '/.venv/bin/', '/venv/bin/', '/.venv/Scripts/', '/venv/Scripts/' } or {}
  local folders = vim.tbl_map(function(folder) return root .. folder end, own)
  for _, folder in ipairs(vim.list_extend(folders, { '', vim.fn.expand('~/.local/bin/') })) do
    if vim.fn.executable(folder .. 'tinycode-ls') == 1 then return { folder .. 'tinycode-ls' } end
  end
  return { 'tinycode-ls' }
end

--- Notes the client's questions for ghost text: no editor asks for alternatives, so `cycle` asks in its name. An answer
--- is shown where it was asked for, when nothing has changed there.
local function listen(client)
  local request = client.request
  client.request = function(self, method, params, handler, buf)
    if method ~= METHOD then return request(self, method, params, handler, buf) end
    if buf ~= vim.fn.bufnr() or asked.hushed == place() then return false end -- a timer goes off late
    local this = { client = self, handler = handler, at = place() }
    asked = this
    return request(self, method, params, function(...)
      if asked == this and this.at == place() and vim.lsp.buf_is_attached(buf, self.id) then handler(...) end
    end, buf)
  end
end

--- Neovim ends its listening to a buffer that is edited while no server has it, and begins no other: a server that comes
--- later is told here.
local function listen_too(client, buf)
  local function tell(_, _, tick)
    if not vim.lsp.buf_is_attached(buf, client.id) then return true end
    if rawget(vim.lsp.util.buf_versions, buf) == tick then return end -- Neovim has told it
    tick = vim.api.nvim_buf_get_changedtick(buf)
    vim.lsp.util.buf_versions[buf] = tick
    client:notify('textDocument/didChange', { textDocument = { uri = vim.uri_from_bufnr(buf), version = tick },
      contentChanges = { { text = table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, true), '\n') .. '\n' } } })
  end
  vim.api.nvim_buf_attach(buf, false, { on_lines = tell, on_reload = tell, on_detach = function()
    if vim.lsp.buf_is_attached(buf, client.id) then vim.lsp.buf_detach_client(buf, client.id) end
  end })
end

local function leave(event)
  asked = {}
  vim.schedule(function() -- the buffer may be left because it is wiped out
    if vim.api.nvim_buf_is_valid(event.buf) then inline.get({ bufnr = event.buf, on_accept = function() end }) end
  end)
end
-- InsertLeave does not come for CTRL-C, for <Insert>, to a buffer left in Insert mode
vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave', 'LspDetach' }, { callback = leave })
vim.api.nvim_create_autocmd('ModeChanged', { pattern = { 'i*:n', 'i*:R*', 'ni*:n' }, callback = leave })

--- A row is inserted whole: 0.11 by itself cuts it at its first blank.
local function whole(item) return { word = vim.tbl_get(item, 'textEdit', 'newText') } end

--- Starts the server where there is one; else one line, not an error for each file.
local function where_it_can(buf, start)
  local root = M.root(buf)
  if vim.is_callable(M.cmd) or vim.fn.executable(M.command(root)[1]) == 1 then return start(root) end
  vim.notify_once('tinycode: no server; see :checkhealth tinycode', vim.log.levels.WARN)
end

function M.setup(opts) -- see :help tinycode.setup()
  opts = opts or {}
  M.cmd, M.project_environment = type(opts.cmd) == 'string' and { opts.cmd } or opts.cmd, opts.project_environment
  vim.lsp.config('tinycode', { -- for every file type: the server itself is quiet where it should be
    cmd = vim.is_callable(opts.cmd) and opts.cmd
      or function(on, config) return vim.lsp.rpc.start(M.command((config or {}).root_dir), on) end,
    root_dir = where_it_can, settings = { tinycode = opts.settings or vim.empty_dict() }, on_init = listen,
    on_attach = function(client, buf)
      listen_too(client, buf)
      if opts.ghost_text ~= false and not vim.b[buf].tinycode_off then inline.enable(true, { bufnr = buf }) end
      if opts.completion then vim.lsp.completion.enable(true, client.id, buf, { autotrigger = true, convert = whole }) end
      vim.defer_fn(function() -- ask at once where somebody types, after what Neovim schedules here; a buffer being loaded
        -- passes for the current one
        if vim.fn.mode() == 'i' and vim.fn.bufnr() == buf then vim.api.nvim_exec_autocmds('CursorMovedI', {}) end
      end, 0)
    end,
  })
  require('tinycode.keys')(opts.keys ~= false and vim.tbl_extend('force', M.keys, opts.keys or {}) or {}, M)
  vim.lsp.enable('tinycode')
end

function M.toggle()
  local off = inline.is_enabled({ bufnr = 0 })
  asked = {}
  vim.b.tinycode_off = off -- also after :edit and :Tinycode restart
  inline.enable(not off, { bufnr = 0 })
  vim.notify('tinycode: ghost text ' .. (off and 'off' or 'on') .. ' in this buffer')
end

--- What is left of the text that is offered, when some of it was typed since; '' when something else was.
function M.rest(item)
  local row, col = item.range:to_extmark()
  local at, now = unpack(vim.api.nvim_win_get_cursor(0))
  if at - 1 ~= row or now < col then return '' end
  local typed = vim.api.nvim_buf_get_text(0, row, col, row, now, {})[1]
  return vim.startswith(item.insert_text, typed) and item.insert_text:sub(#typed + 1) or ''
end

local function insert(text)
  vim.bo.undolevels = vim.bo.undolevels -- ends the undo step of what was typed before: undo takes away just this
  local menu = vim.fn.complete_info({ 'mode' }).mode ~= '' -- one match has no menu, and is completion all the same
  vim.api.nvim_paste(text, false, -1)
  if menu then vim.fn.complete(vim.fn.col('.'), {}) end -- else the menu's next key would replace it
end

--- Insert what `part` takes of the shown text; false when nothing is shown. What is left stays on the screen: the next
--- key comes before the server was asked. What another server gave is Neovim's to insert.
local function take(part)
  return inline.get({ on_accept = function(item)
    local client = vim.lsp.get_client_by_id(item.client_id)
    if client and client.name ~= 'tinycode' then return item end
    local rest = M.rest(item)
    local text = part(rest)
    if text == '' then return end
    insert(text)
    if text == rest or not client or client ~= asked.client then return end
    local at = vim.lsp.util.make_position_params(0, client.offset_encoding).position
    local left = { insertText = rest:sub(#text + 1), range = { start = at, ['end'] = at } }
    asked.handler(nil, { left }, { client_id = client.id, bufnr = vim.api.nvim_get_current_buf() })
  end })
end

function M.accept() return take(function(text) return text end) end
function M.accept_line() return take(function(text) return text:match('^\n*[^\n]*') end) end -- or line end and next
function M.accept_word() -- or signs; with the blanks before them
  return take(function(text) return text:match('^%s*[%w_\128-\255]+') or text:match('^%s*[^%w_%s]+') or text end)
end

function M.dismiss()
  return inline.get({ on_accept = function()
    asked = { client = asked.client, handler = asked.handler, hushed = place() }
  end })
end

--- Alternatives are asked for at the first step; typing on begins anew. What was dismissed comes back.
local function cycle(count)
  local last, now = asked, place()
  local shown = last.hushed == now or vim.api.nvim_buf_get_extmarks(0, drawn, 0, -1, { limit = 1 })[1]
  if not shown or not last.client then return false end
  last.hushed = nil
  if last.several == now then inline.select({ count = count }) return true end
  local params = vim.lsp.util.make_position_params(0, last.client.offset_encoding)
  params.context = { triggerKind = 1 } -- invoked: the server then gives several, the one on the screen first
  last.client:request(METHOD, params, function(...)
    asked.several = now
    last.handler(...)
    inline.select({ count = count })
  end, vim.api.nvim_get_current_buf())
  asked.handler = last.handler
  return true
end

function M.next() return cycle(1) end
function M.previous() return cycle(-1) end

return M
