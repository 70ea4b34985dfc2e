-- Ghost text from tinycode-ls: set up, accept, cycle, dismiss, toggle. What is suggested is the server's work alone.
local M = {}
local inline = vim.lsp.inline_completion or require('tinycode.ghost') -- Neovim 0.12, or our stand-in for 0.11
local asked = {} ---@type {buf:integer?,client:table,handler:function,several:integer?} the last question for ghost text
local hushed = '' -- the place where it was dismissed, and is not to come back by itself
local drawn = vim.api.nvim_create_namespace(vim.lsp.inline_completion and 'nvim.lsp.inline_completion' or 'tinycode.ghost')

--- Suggested keys; none of them is Tab. Each keeps its own meaning while nothing is shown.
M.keys = { accept = '<M-y>', accept_line = '<M-l>', accept_word = '<M-w>',
  next = '<M-]>', previous = '<M-[>', dismiss = '<M-e>' }

local function place() return vim.inspect({ vim.fn.bufnr(), vim.b.changedtick, vim.api.nvim_win_get_cursor(0) }) end

function M.client(buf) return vim.lsp.get_clients({ name = 'tinycode', bufnr = buf })[1] end

--- The command that starts the server for a workspace: as set, else of its virtual environment where setup() trusts it
--- (anybody's clone may bring one), else on PATH or where pipx, uv and pip --user put it.
function M.command(root)
  local set = M.cmd or (vim.lsp.config.tinycode or {}).cmd
  if type(set) == 'table' then return set end
  root = M.project_environment and (root or (M.client(0) or M.client() or {}).root_dir)
  local own = root and { '/.venv/bin/', '/venv/bin/', '/.venv/Scripts/', '/venv/Scripts/' } or {}
  local places = vim.tbl_map(function(place) return root .. place end, own)
  for _, place in ipairs(vim.list_extend(places, { '', vim.fn.expand('~/.local/bin/') })) do
    if vim.fn.executable(place .. 'tinycode-ls') == 1 then return { place .. 'tinycode-ls' } end
  end
  return { 'tinycode-ls' }
end

--- Starts the server where there is one; else one line, not an error for each file.
local function where_it_can(buf, start)
  local root = vim.fs.root(buf, '.tinycode.toml') or vim.fs.root(buf, '.git')
  if vim.is_callable(M.cmd) or vim.fn.executable(M.command(root)[1]) == 1 then return start(root) end
  vim.notify_once('tinycode: no server; see :checkhealth tinycode', vim.log.levels.WARN)
end

function M.setup(opts) -- see :help tinycode.setup()
  opts = opts or {}
  M.cmd, M.project_environment = opts.cmd, opts.project_environment
  vim.lsp.config('tinycode', { -- for every file type: the server itself is quiet where it should be
    cmd = vim.is_callable(opts.cmd) and opts.cmd
      or function(on, config) return vim.lsp.rpc.start(M.command((config or {}).root_dir), on) end,
    root_dir = where_it_can, settings = { tinycode = opts.settings or vim.empty_dict() },
    on_init = function(client) -- note the questions: no editor asks for alternatives, so `cycle` asks in its name
      local request = client.request
      client.request = function(self, method, params, handler, buf)
        if method ~= 'textDocument/inlineCompletion' then return request(self, method, params, handler, buf) end
        if buf ~= vim.fn.bufnr() or hushed == place() then return false end -- a timer goes off late
        local this = { buf = buf, client = self, handler = handler }
        asked = this
        local function answer(...) if asked == this and hushed ~= place() then handler(...) end end
        return request(self, method, params, answer, buf)
      end
    end,
    on_attach = function(client, buf)
      if asked.buf == buf then asked = {} end
      if opts.ghost_text ~= false and not vim.b[buf].tinycode_off then inline.enable(true, { bufnr = buf }) end
      if opts.completion then vim.lsp.completion.enable(true, client.id, buf, { autotrigger = true }) end
      vim.defer_fn(function() -- ask at once where somebody types, after what Neovim schedules here; a buffer being loaded
        -- passes for the current one
        if vim.fn.mode() == 'i' and vim.fn.bufnr() == buf then vim.api.nvim_exec_autocmds('CursorMovedI', {}) end
      end, 0)
    end,
  })
  if opts.keys ~= false then require('tinycode.keys')(vim.tbl_extend('force', M.keys, opts.keys or {}), M) end
  local function leave(event) -- InsertLeave does not come for CTRL-C, for <Insert>, to a buffer left in Insert mode
    asked, hushed = {}, ''
    inline.get({ bufnr = event.buf, on_accept = function() end })
  end
  local group = vim.api.nvim_create_augroup('tinycode', {})
  vim.api.nvim_create_autocmd('BufLeave', { group = group, callback = leave })
  vim.api.nvim_create_autocmd('ModeChanged', { group = group, pattern = { 'i*:n', 'i*:R*', 'ni*:n' }, callback = leave })
  vim.lsp.enable('tinycode')
end

function M.toggle()
  local buffer = { bufnr = vim.api.nvim_get_current_buf() }
  local on = not inline.is_enabled(buffer)
  asked = {}
  inline.enable(on, buffer)
  vim.b.tinycode_off = not on -- also after :edit and :Tinycode restart
  vim.notify('tinycode: ghost text ' .. (on and 'on' or 'off') .. ' in this buffer')
end

--- What is left of a text that was offered at (row, col), both from 0, when some of it was typed since; nil if stale.
function M.rest(text, row, col)
  local at, now = unpack(vim.api.nvim_win_get_cursor(0))
  if at - 1 ~= row or now < col then return nil end
  local typed = vim.api.nvim_buf_get_text(0, row, col, row, now, {})[1]
  return vim.startswith(text, typed) and text:sub(#typed + 1) or nil
end

--- Show what is left after a part was accepted: the next key comes before the server was asked.
local function keep(rest)
  if rest == '' or asked.buf ~= vim.api.nvim_get_current_buf() or asked.client:is_stopped() then return end
  if inline.show then return inline.show(rest) end
  local at = vim.lsp.util.make_position_params(0, asked.client.offset_encoding).position
  asked.handler(nil, { { insertText = rest, range = { start = at, ['end'] = at } } }, { client_id = asked.client.id })
end

local function hush() hushed = place() return '' end

--- Insert what `part` takes of the shown text; undo takes away just this. False when nothing is shown. What another server
--- gave is Neovim's to insert.
local function take(part)
  return inline.get({ on_accept = function(item)
    local client = item.client_id and vim.lsp.get_client_by_id(item.client_id)
    if client and client.name ~= 'tinycode' then return part ~= hush and item or nil end
    local rest = M.rest(item.insert_text, item.range:to_extmark()) or ''
    local text = part(rest)
    if text == '' then return end
    vim.bo.undolevels = vim.bo.undolevels -- ends the undo step of what was typed before
    local menu = vim.fn.pumvisible() == 1
    vim.api.nvim_paste(text, false, -1)
    if menu then vim.fn.complete(vim.fn.col('.'), {}) end -- else the menu's next key would replace it
    keep(rest:sub(#text + 1))
  end })
end

function M.accept() return take(function(text) return text end) end
function M.accept_line() return take(function(text) return text:match('^\n*[^\n]*') end) end -- or line end and next
function M.accept_word() -- or signs; with the blanks before them
  return take(function(text) return text:match('^%s*[%w_\128-\255]+') or text:match('^%s*[^%w_%s]+') or text end)
end
function M.dismiss() return take(hush) end

--- Alternatives are asked for at the first step; typing on begins anew. What was dismissed comes back.
local function cycle(count)
  local buf, tick, last = vim.api.nvim_get_current_buf(), vim.b.changedtick, asked
  local shown = hushed == place() or vim.api.nvim_buf_get_extmarks(0, drawn, 0, -1, { limit = 1 })[1]
  if last.buf ~= buf or last.client:is_stopped() or not shown then return false end
  hushed = ''
  if last.several == tick then inline.select({ count = count }) return true end
  local params = vim.lsp.util.make_position_params(0, last.client.offset_encoding)
  params.context = { triggerKind = 1 } -- invoked: the server then gives several, the one on the screen first
  last.client:request('textDocument/inlineCompletion', params, function(err, result, ctx)
    if vim.b[buf].changedtick ~= tick then return end
    last.handler(err, result, ctx)
    asked = { buf = buf, client = last.client, handler = last.handler, several = tick }
    inline.select({ count = count })
  end, buf)
  return true
end

function M.next() return cycle(1) end
function M.previous() return cycle(-1) end

return M
