-- Ghost text from tinycode-ls: set up, accept, cycle, dismiss, toggle. What is suggested is the server's work alone.
local M = {}
local builtin = vim.lsp.inline_completion -- Neovim 0.12; ghost.lua stands in for it on 0.11
local ghost = not builtin and require('tinycode.ghost') or nil

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
function M.client(buf)
  return vim.lsp.get_clients({ name = 'tinycode', bufnr = buf })[1]
end

--- opts.cmd: the server's command. opts.settings: see :help tinycode-settings. opts.ghost_text: false for none.
--- opts.completion: true to let Neovim's own completion menu ask the server. opts.keys: false, or a table like M.keys.
function M.setup(opts)
  opts = opts or {}
  vim.lsp.config('tinycode', { -- for every file type: the server itself is quiet where it should be
    cmd = opts.cmd or M.command(), root_markers = { '.tinycode.toml', '.git' },
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

function M.enable(on, buf)
  (builtin or ghost).enable(on, { bufnr = buf })
end

function M.toggle()
  local buf = vim.api.nvim_get_current_buf()
  M.enable(not (builtin or ghost).is_enabled({ bufnr = buf }), buf)
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
  if ghost then return ghost.take(function(text) insert(part(text)) end) end
  return builtin.get({
    on_accept = function(item)
      local row, col = item.range:to_extmark()
      local rest = M.rest(item.insert_text, row, col)
      if rest and rest ~= '' then insert(part(rest)) end
    end,
  })
end

function M.accept() return take(function(text) return text end) end
function M.accept_line() return take(first_line) end
function M.accept_word() return take(first_word) end
function M.dismiss() return take(function() return '' end) end

local function cycle(count)
  if ghost then return ghost.cycle(count) end
  builtin.select({ count = count })
  return true
end

function M.next() return cycle(1) end
function M.previous() return cycle(-1) end

return M
