-- Keys that are ours while something is shown, and else what they were.

--- What a key does without us: what is mapped to it (Neovim's own Tab jumps in a snippet); else a key with Alt is Escape and
--- then the key, as which a terminal sends those two when they are typed fast.
local function own_meaning(key)
  local mapped, apart = vim.fn.maparg(key, 'i', false, true), key:gsub('^<[MA]%-(.)>$', '<Esc>%1')
  return function()
    if mapped.callback and mapped.expr == 1 then return mapped.callback() or '' end
    if mapped.callback then vim.schedule(mapped.callback) return '' end
    if mapped.rhs then return mapped.expr == 1 and vim.api.nvim_eval(mapped.rhs) or mapped.rhs end
    if apart == key then return key end
    vim.api.nvim_feedkeys(vim.keycode(apart), 'im', false) -- what follows Escape may be mapped
    return ''
  end
end

--- Maps keys in Insert mode: `keys` by name, each to the function of `actions` that says whether there was something to do.
return function(keys, actions)
  for name, key in pairs(keys) do
    if not actions.keys[name] then
      vim.notify(('tinycode: keys.%s is unknown; see :help tinycode-keys'):format(name), vim.log.levels.ERROR)
    elseif key then
      local otherwise = own_meaning(key)
      local function act() return actions[name]() and '' or otherwise() end
      vim.keymap.set('i', key, act, { expr = true, desc = 'tinycode: ' .. name })
    end
  end
end
