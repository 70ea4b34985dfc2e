-- Ghost text from tinycode-ls: set up, accept, cycle, dismiss, toggle. What is suggested is the server's work alone.
local M = {}
local inline = vim.lsp.inline_completion or require('tinycode.ghost') -- Neovim 0.12, or our stand-in for 0.11
local asked = {} ---@type table<integer, table> buffer -> the last question for ghost text

--- Suggested keys; none of them is Tab. Each keeps its own meaning while nothing is shown.
M.keys = { accept = '<M-y>', accept_line = '<M-l>', accept_word = '<M-w>',
  next = '<M-]>', previous = '<M-[>', dismiss = '<M-e>' }

--- The running client, if there is one.
function M.client(buf) return vim.lsp.get_clients({ name = 'tinycode', bufnr = buf })[1] end

--- The command that starts the server: as set, else of the workspace's virtual environment, else on PATH.
function M.command()
  if (vim.lsp.config.tinycode or {}).cmd then return vim.lsp.config.tinycode.cmd end
  for _, place in ipairs({ '.venv/bin', 'venv/bin', '.venv/Scripts', 'venv/Scripts' }) do
    local file = vim.fs.joinpath(vim.fn.getcwd(), place, 'tinycode-ls')
    if vim.fn.executable(file) == 1 then return { file } end
  end
  return { 'tinycode-ls' }
end

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
    on_attach = function(client, buf)
      if opts.ghost_text ~= false then inline.enable(true, { bufnr = buf }) end
      if opts.completion then vim.lsp.completion.enable(true, client.id, buf, { autotrigger = true }) end
      if vim.fn.mode() == 'i' then vim.api.nvim_exec_autocmds('CursorMovedI', { buffer = buf }) end -- ask at once
    end,
  })
  for action, key in pairs(opts.keys ~= false and vim.tbl_extend('force', M.keys, opts.keys or {}) or {}) do
    vim.keymap.set('i', key, function() return M[action]() and '' or key end,
      { expr = true, replace_keycodes = true, desc = 'tinycode: ' .. action })
  end
  vim.lsp.enable('tinycode')
end

function M.toggle()
  local buffer = { bufnr = vim.api.nvim_get_current_buf() }
  inline.enable(not inline.is_enabled(buffer), buffer)
end

--- What is left of a text that was offered at (row, col), both from 0, when some of it was typed since; nil if stale.
function M.rest(text, row, col)
  local at, now = unpack(vim.api.nvim_win_get_cursor(0))
  if at - 1 ~= row or now < col then return nil end
  local typed = vim.api.nvim_buf_get_text(0, row, col, row, now, {})[1]
  return vim.startswith(text, typed) and text:sub(#typed + 1) or nil
end

--- Insert what `part` takes of the shown text; undo takes away just this. False when nothing is shown.
local function take(part)
  return inline.get({ on_accept = function(item)
    local text = part(M.rest(item.insert_text, item.range:to_extmark()) or '')
    if text == '' then return end
    vim.bo.undolevels = vim.bo.undolevels -- ends the undo step of what was typed before
    vim.api.nvim_put(vim.split(text, '\n'), 'c', false, true)
  end })
end

--- A word, or signs, with the blanks before; a line, or a line end with the line that it opens.
local function first_word(text) return text:match('^%s*[%w_]+') or text:match('^%s*[^%w_%s]+') or text end
local function first_line(text) return text:match('^\n*[^\n]*') end

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
