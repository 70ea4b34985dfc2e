-- Stands in for vim.lsp.inline_completion on Neovim 0.11: the same functions and requests, drawn with an extmark.
local M = {}
local DELAY_MS = 50 -- after the last key
local ns = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
local timer = assert(vim.uv.new_timer())
local shown ---@type {buf:integer,items:{insert_text:string,range:table,client_id:integer}[],index:integer}?

--- Show, instead of what was there, what is left of the current item; nothing when something else was typed.
local function draw(new)
  if shown and vim.api.nvim_buf_is_valid(shown.buf) then vim.api.nvim_buf_clear_namespace(shown.buf, ns, 0, -1) end
  shown = nil
  local item = new and new.buf == vim.api.nvim_get_current_buf() and new.items[new.index]
  local rest = item and require('tinycode').rest(item) or ''
  if rest == '' then return end
  shown = new
  local lines = vim.tbl_map(function(line) return { { line, 'Comment' } } end, vim.split(rest, '\n'))
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  vim.api.nvim_buf_set_extmark(0, ns, row - 1, col,
    { virt_text = table.remove(lines, 1), virt_text_pos = 'inline', virt_lines = lines })
end

--- Offer what was answered, at the cursor.
local function handler(err, result, context)
  if err or not result or vim.fn.mode() ~= 'i' then return end
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local range = { to_extmark = function() return row - 1, col end }
  local items = vim.tbl_map(function(item)
    return { insert_text = item.insertText, range = range, client_id = context.client_id }
  end, result.items or result)
  draw({ buf = context.bufnr, items = items, index = 1 })
end

local function request(buf)
  local client = require('tinycode').client(buf)
  if not client or vim.fn.mode() ~= 'i' or not M.is_enabled({ bufnr = buf }) then return end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = 2 }
  client:request('textDocument/inlineCompletion', params, handler, buf)
end

vim.api.nvim_create_autocmd({ 'InsertEnter', 'CursorMovedI', 'TextChangedP' }, { callback = function(event)
  draw(shown)
  timer:start(DELAY_MS, 0, vim.schedule_wrap(function() request(event.buf) end))
end })

function M.is_enabled(filter) return vim.b[filter.bufnr].tinycode_ghost or false end

function M.enable(on, filter)
  vim.b[filter.bufnr].tinycode_ghost = on
  draw(on and shown)
end

--- Hand the shown item over and forget it; false when there is none. Scheduled: mappings with <expr> may not edit, and
--- are evaluated before the key typed just before them is in the buffer.
function M.get(opts)
  if not shown then return false end
  vim.schedule(function()
    local item = shown and shown.items[shown.index]
    draw()
    if item then opts.on_accept(item) end
  end)
  return true
end

function M.select(opts)
  if shown then shown.index = (shown.index - 1 + opts.count) % #shown.items + 1 end
  draw(shown)
end

return M
