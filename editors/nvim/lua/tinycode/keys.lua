-- Keys that are ours while something is shown, and else what they were.

--- What a key does without us: what is mapped to it (Neovim's own Tab jumps in a snippet); else a key with Alt is Escape and
--- then the key, as which a terminal sends those two when they are typed fast.
local function own_meaning(key)
  local mapped, apart = vim.fn.maparg(key, 'i', false, true), key:gsub('^<[MA]%-(.)>$', '<Esc>%1')
  local rhs = mapped.rhs and mapped.rhs:gsub('<SID>', '<SNR>' .. mapped.sid .. '_')
  return function()
    local keys, may_be_mapped = vim.keycode(apart), apart ~= key
    if mapped.callback and mapped.expr == 0 then return mapped.callback() end
    if mapped.expr == 1 then
      keys = (mapped.callback or function() return vim.api.nvim_eval(rhs) end)() or ''
      keys = mapped.replace_keycodes == 1 and vim.keycode(keys) or keys
    elseif rhs then
      keys = rhs:lower() == '<nop>' and '' or vim.keycode(rhs)
    end
    if rhs or mapped.callback then may_be_mapped = mapped.noremap == 0 and not vim.startswith(keys, vim.keycode(key)) end
    vim.api.nvim_feedkeys(keys, may_be_mapped and 'im' or 'in', false)
  end
end

--- Maps keys in Insert mode: `keys` by name, each to the function of `actions` that says whether there was something to do.
return function(keys, actions)
  for name, key in pairs(keys) do
    if not actions.keys[name] then
      vim.notify(('tinycode: keys.%s is unknown; see :help tinycode-keys'):format(name), vim.log.levels.ERROR)
    elseif key then
      local otherwise = own_meaning(key)
      vim.keymap.set('i', key, function()
        if not actions[name]() then return otherwise() end
        local done = false -- what the action scheduled, before the next key: that may be there already
        vim.schedule(function() done = true end)
        vim.wait(1000, function() return done end)
      end, { desc = 'tinycode: ' .. name })
    end
  end
end
