-- Stands in for vim.lsp.inline_completion on Neovim 0.11: the same functions and requests, drawn with an extmark.
local M = {}
local DELAY_MS = 50 -- after the last key
local ns = vim.api.nvim_create_namespace('tinycode.ghost')
local shown, timer ---@type {buf:integer,range:table,items:table,index:integer}?, uv.uv_timer_t?

local function forget()
  if shown and vim.api.nvim_buf_is_valid(shown.buf) then vim.api.nvim_buf_clear_namespace(shown.buf, ns, 0, -1) end
  shown = nil
end

--- Show, instead of what was there, what is left of the current item; nothing (nil) when something else was typed.
local function draw(new)
  local item = new and new.items[new.index]
  local rest = item and require('tinycode').rest(item.insertText, new.range.to_extmark())
  forget()
  if not rest or rest == '' then return end
  shown = new
  local lines = vim.tbl_map(function(line) return { { line, 'Comment' } } end, vim.split(rest, '\n'))
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  vim.api.nvim_buf_set_extmark(shown.buf, ns, row - 1, col,
    { virt_text = table.remove(lines, 1), virt_text_pos = 'inline', virt_lines = lines })
  return shown
end

local function request(buf)
  local client = require('tinycode').client(buf)
  if not client or vim.fn.mode() ~= 'i' or not M.is_enabled({ bufnr = buf }) then return end
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local range, tick = { to_extmark = function() return row - 1, col end }, vim.b[buf].changedtick
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = 2 }
  client:request('textDocument/inlineCompletion', params, function(err, result)
    if err or not result or vim.fn.mode() ~= 'i' or vim.b[buf].changedtick ~= tick then return end
    draw({ buf = buf, range = range, items = result.items or result, index = 1 })
  end, buf)
end

vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, { callback = forget })
vim.api.nvim_create_autocmd({ 'InsertEnter', 'CursorMovedI', 'TextChangedP' }, { callback = function(event)
  if not M.is_enabled({ bufnr = event.buf }) then return end
  draw(shown)
  if timer then timer:stop() end
  timer = vim.defer_fn(function() request(event.buf) end, DELAY_MS)
end })

function M.is_enabled(filter) return vim.b[filter.bufnr].tinycode_ghost or false end
function M.enable(on, filter) vim.b[filter.bufnr].tinycode_ghost = on if not on then forget() end end

--- A text at the cursor, until the server is asked again.
function M.show(text)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local range = { to_extmark = function() return row - 1, col end }
  draw({ buf = vim.api.nvim_get_current_buf(), range = range, items = { { insertText = text } }, index = 1 })
end

--- Hand the shown item over and forget it; false when there is none. Scheduled: mappings with <expr> may not edit, and
--- are evaluated before the key typed just before them is in the buffer.
function M.get(opts)
  if not shown then return false end
  vim.schedule(function()
    local now = draw(shown)
    forget()
    if now then opts.on_accept({ insert_text = now.items[now.index].insertText, range = now.range }) end
  end)
  return true
end

function M.select(opts)
  if shown then shown.index = (shown.index - 1 + opts.count) % #shown.items + 1 end
  draw(shown)
end

return M
