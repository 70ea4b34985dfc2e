if vim.fn.has('nvim-0.11') == 0 then return end
local names = { 'status', 'explain', 'jump', 'toggle', 'tune', 'log', 'restart' }
vim.api.nvim_create_user_command('Tinycode', function(given)
  local act = vim.list_contains(names, given.fargs[1]) and require('tinycode.commands')[given.fargs[1]]
  if act then return act(unpack(given.fargs, 2)) end
  vim.notify('tinycode: ' .. given.args .. ' is unknown; expected ' .. table.concat(names, ', '), vim.log.levels.ERROR)
end, { nargs = '+', bar = true, complete = function(typed, line)
  return vim.tbl_filter(function(name) return vim.startswith(name, typed) and line:match('Tinycode%s+%S*$') end, names)
end })
