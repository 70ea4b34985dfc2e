-- Stands in for vim.lsp.inline_completion on Neovim 0.11: the same functions and requests, drawn with an extmark.
local M = {}
local ns = vim.api.nvim_create_namespace('tinycode.ghost')
local DELAY_MS = 50 -- after the last key
local shown, timer, pending ---@type {buf:integer,row:integer,col:integer,items:table,index:integer}?, any, integer?
local groups = {}

local function hide()
  if shown and vim.api.nvim_buf_is_valid(shown.buf) then vim.api.nvim_buf_clear_namespace(shown.buf, ns, 0, -1) end
end

local function forget() hide() shown = nil end

local function text()
  local item = shown and shown.items[shown.index]
  return item and require('tinycode').rest(item.insertText, shown.row, shown.col)
end

--- Draw what is left of the current item; forget it when something else was typed.
local function draw()
  hide()
  local rest = text()
  if not rest or rest == '' then shown = nil return end
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local lines = vim.split(rest, '\n')
  local below = vim.tbl_map(function(line) return { { line, 'Comment' } } end, vim.list_slice(lines, 2))
  vim.api.nvim_buf_set_extmark(shown.buf, ns, row - 1, col,
    { virt_text = { { lines[1], 'Comment' } }, virt_text_pos = 'inline', virt_lines = below })
end

local function request(buf)
  local client = require('tinycode').client(buf)
  if not client or vim.fn.mode() ~= 'i' then return end
  if pending then client:cancel_request(pending) end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = 2 }
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local tick = vim.b[buf].changedtick
  local _, id = client:request('textDocument/inlineCompletion', params, function(err, result)
    pending = nil
    if err or not result or vim.fn.mode() ~= 'i' or vim.b[buf].changedtick ~= tick then return end
    hide()
    shown = { buf = buf, row = row - 1, col = col, items = result.items or result, index = 1 }
    draw()
  end, buf)
  pending = id
end

local function changed(buf)
  draw()
  if timer then timer:stop() end
  timer = vim.defer_fn(function() request(buf) end, DELAY_MS)
end

function M.is_enabled(filter) return groups[filter.bufnr] ~= nil end

function M.enable(on, filter)
  local buf = filter.bufnr
  if groups[buf] then vim.api.nvim_del_augroup_by_id(groups[buf]) end
  groups[buf] = on and vim.api.nvim_create_augroup('tinycode.ghost.' .. buf, {}) or nil
  forget()
  if not on then return end
  vim.api.nvim_create_autocmd({ 'InsertEnter', 'CursorMovedI', 'TextChangedP' },
    { group = groups[buf], buffer = buf, callback = function() changed(buf) end })
  vim.api.nvim_create_autocmd('InsertLeave', { group = groups[buf], buffer = buf, callback = forget })
end

--- Hand the shown item over and forget it; false when there is none. Scheduled: mappings with <expr> may not edit, and
--- are evaluated before the key typed just before them is in the buffer.
function M.get(opts)
  if not text() then return false end
  vim.schedule(function()
    local now, item = shown, text() and shown.items[shown.index]
    forget()
    if not item then return end
    local range = { to_extmark = function() return now.row, now.col end }
    opts.on_accept({ insert_text = item.insertText, range = range })
  end)
  return true
end

function M.select(opts)
  if not shown or #shown.items == 0 then return end
  shown.index = (shown.index - 1 + opts.count) % #shown.items + 1
  draw()
end

return M
