if vim.fn.has('nvim-0.11') == 0 then return end
local names = { 'status', 'explain', 'jump', 'toggle', 'tune', 'log', 'restart' }
vim.api.nvim_create_user_command('Tinycode', function(given)
  local name = table.remove(given.fargs, 1)
  if vim.tbl_contains(names, name) then return require('tinycode.commands')[name](given.fargs) end
  vim.notify('tinycode: ' .. name .. ' is unknown; expected ' .. table.concat(names, ', '), vim.log.levels.ERROR)
end, { nargs = '+', complete = function(typed)
  return vim.tbl_filter(function(name) return vim.startswith(name, typed) end, names)
end })
