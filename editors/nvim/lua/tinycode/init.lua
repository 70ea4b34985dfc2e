-- Ghost text from tinycode-ls: set up, accept, cycle, dismiss, toggle. What is suggested is the server's work alone.
local M = {}
local inline = vim.lsp.inline_completion or require('tinycode.ghost') -- Neovim 0.12, or our stand-in for 0.11
local asked = {} ---@type table<integer, table> buffer -> the last question for ghost text

--- Suggested keys; none of them is Tab. Each keeps its own meaning while nothing is shown.
M.keys = { accept = '<M-y>', accept_line = '<M-l>', accept_word = '<M-w>',
  next = '<M-]>', previous = '<M-[>', dismiss = '<M-e>' }

--- The command that starts the server: the workspace's virtual environment, else PATH.
function M.command()
  for _, place in ipairs({ '.venv', 'venv' }) do
    local file = vim.fs.joinpath(vim.fn.getcwd(), place, vim.fn.has('win32') == 1 and 'Scripts' or 'bin', 'tinycode-ls')
    if vim.fn.executable(file) == 1 then return { file } end
  end
  return { 'tinycode-ls' }
end

--- The running client, if there is one.
function M.client(buf) return vim.lsp.get_clients({ name = 'tinycode', bufnr = buf })[1] end

--- Remember the questions for ghost text: no editor asks for alternatives, so `cycle` asks once more in its name.
local function listen(client)
  local request = client.request
  client.request = function(self, method, params, handler, buf)
    if method == 'textDocument/inlineCompletion' then asked[buf] = { client = self, handler = handler } end
    return request(self, method, params, handler, buf)
  end
end

--- opts.cmd: the server's command. opts.settings: see :help tinycode-settings. opts.ghost_text: false for none.
--- opts.completion: true to let Neovim's own completion menu ask the server. opts.keys: false, or a table like M.keys.
function M.setup(opts)
  opts = opts or {}
  vim.lsp.config('tinycode', { -- for every file type: the server itself is quiet where it should be
    cmd = opts.cmd or M.command(), root_markers = { '.tinycode.toml', '.git' }, on_init = listen,
    settings = { tinycode = opts.settings or vim.empty_dict() },
  })
  vim.api.nvim_create_autocmd('LspAttach', {
    group = vim.api.nvim_create_augroup('tinycode', {}),
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if not client or client.name ~= 'tinycode' then return end
      if opts.ghost_text ~= false then M.enable(true, event.buf) end
      if vim.fn.mode() == 'i' then vim.api.nvim_exec_autocmds('CursorMovedI', { buffer = event.buf }) end -- ask at once
      if opts.completion then vim.lsp.completion.enable(true, client.id, event.buf, { autotrigger = true }) end
    end,
  })
  if opts.keys ~= false then M.map(vim.tbl_extend('force', M.keys, opts.keys or {})) end
  vim.lsp.enable('tinycode')
end

--- Map keys to the functions below; a key does what it did before while there is nothing to act on.
function M.map(keys)
  for action, key in pairs(keys) do
    vim.keymap.set('i', key, function() return M[action]() and '' or key end,
      { expr = true, replace_keycodes = true, desc = 'tinycode: ' .. action })
  end
end

function M.enable(on, buf) inline.enable(on, { bufnr = buf }) end

function M.toggle()
  local buf = vim.api.nvim_get_current_buf()
  M.enable(not inline.is_enabled({ bufnr = buf }), buf)
end

--- The first word of a text with the blanks before it; else what comes before the next word.
local function first_word(text) return text:match('^%s*[%w_]+') or text:match('^%s*[^%w_%s]+') or text end

--- The first line; after a line end, that and the line it opens.
local function first_line(text) return text:match('^\n*[^\n]*') end

--- Insert text at the cursor; undo takes away just this.
local function insert(text)
  if text == '' then return end
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local lines = vim.split(text, '\n')
  vim.bo.undolevels = vim.bo.undolevels -- ends the undo step of what was typed before
  vim.api.nvim_buf_set_text(0, row - 1, col, row - 1, col, lines)
  vim.api.nvim_win_set_cursor(0, { row + #lines - 1, (#lines == 1 and col or 0) + #lines[#lines] })
end

--- What is left of a text that was offered at (row, col), both from 0, when some of it was typed since; nil if stale.
function M.rest(text, row, col)
  local at, now = unpack(vim.api.nvim_win_get_cursor(0))
  if at - 1 ~= row or now < col then return nil end
  local typed = vim.api.nvim_buf_get_text(0, row, col, row, now, {})[1]
  return vim.startswith(text, typed) and text:sub(#typed + 1) or nil
end

local function take(part)
  return inline.get({ on_accept = function(item)
    local rest = M.rest(item.insert_text, item.range:to_extmark())
    if rest and rest ~= '' then insert(part(rest)) end
  end })
end

function M.accept() return take(function(text) return text end) end
function M.accept_line() return take(first_line) end
function M.accept_word() return take(first_word) end
function M.dismiss() return take(function() return '' end) end

--- Alternatives are asked for at the first step; typing on begins anew.
local function cycle(count)
  local buf = vim.api.nvim_get_current_buf()
  local last, tick = asked[buf], vim.b[buf].changedtick
  if not last or last.client:is_stopped() or not inline.is_enabled({ bufnr = buf }) then return false end
  if last.several == tick then inline.select({ count = count }) return true end
  local params = vim.lsp.util.make_position_params(0, last.client.offset_encoding)
  params.context = { triggerKind = 1 } -- invoked: the server then gives several, the one on the screen first
  last.client:request('textDocument/inlineCompletion', params, function(err, result, ctx)
    if vim.b[buf].changedtick ~= tick then return end
    last.handler(err, result, ctx)
    asked[buf] = { client = last.client, handler = last.handler, several = tick }
    inline.select({ count = count })
  end, buf)
  return true
end

function M.next() return cycle(1) end
function M.previous() return cycle(-1) end

return M
