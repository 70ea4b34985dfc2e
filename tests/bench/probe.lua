-- Inside Neovim, for tests/bench/editors.py: when keys came, and when ghost text was on the screen (the redraw's end).
local ns = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
local shown = ''
Events = {} -- { milliseconds of the monotonic clock, what, text }

local function note(what, text) Events[#Events + 1] = { vim.uv.hrtime() / 1e6, what, text } end

local function ghost()
  local mark = vim.api.nvim_buf_get_extmarks(0, ns, 0, -1, { details = true })[1]
  local chunk = mark and mark[4].virt_text and mark[4].virt_text[1]
  return chunk and chunk[1] or ''
end

vim.on_key(function(_, typed)
  if typed ~= '' then note('key', typed) end
end)
vim.api.nvim_set_decoration_provider(vim.api.nvim_create_namespace('probe'), {
  on_end = function()
    local now = ghost()
    if now ~= shown then note('ghost', now) end
    shown = now
  end,
})
