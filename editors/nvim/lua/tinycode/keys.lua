-- Keys that are ours while something is shown, and else what they were.

--- Sets aside what a key does without us, and says under which name: what is mapped to it in all buffers (Neovim's own
--- Tab jumps in a snippet); else a key with Alt is Escape and then the key, as which a terminal sends those two when they
--- are typed fast.
local function set_aside(key)
  local name, lhs = ('<Plug>(tinycode-%s)'):format(key:gsub('[<>]', '')), vim.fn.keytrans(vim.keycode(key))
  if vim.fn.maparg(name, 'i') ~= '' then return name end -- setup() for the second time
  local mapped = vim.iter(vim.api.nvim_get_keymap('i')):find(function(map) return map.lhs == lhs end)
  if mapped then
    if vim.startswith(mapped.rhs or '', lhs) then mapped.noremap = 1 end
    mapped.lhs, mapped.lhsraw, mapped.lhsrawalt = name, vim.keycode(name), nil
    vim.fn.mapset(mapped)
  else
    local apart = key:gsub('^<[MA]%-(.)>$', '<Esc>%1')
    vim.keymap.set('i', name, apart, { remap = apart ~= key })
  end
  return name
end

local ours -- of the latest call

--- Maps keys in Insert mode: `keys` by name, each to the function of `actions` that says whether there was something to do.
return function(keys, actions)
  ours = keys
  for name, key in pairs(keys) do
    if not actions.keys[name] then
      vim.notify(('tinycode: keys.%s is unknown; see :help tinycode-keys'):format(name), vim.log.levels.ERROR)
    elseif key then
      local otherwise = vim.keycode(set_aside(key))
      vim.keymap.set('i', key, function()
        if ours[name] ~= key or not actions[name]() then return vim.api.nvim_feedkeys(otherwise, 'im', false) end
        vim.wait(0) -- what the action scheduled is done before the next key, which may be there already
      end, { desc = 'tinycode: ' .. name })
    end
  end
end
