" Vim with ALE; $SERVER is the command of the server.
set nocompatible hidden noswapfile completeopt=menu,menuone,noinsert
let g:ale_linters_explicit = 1
let g:ale_linters = {'python': ['tinycode']}
let g:ale_completion_enabled = 1
packadd ale
call ale#linter#Define('python', {
  \ 'name': 'tinycode', 'lsp': 'stdio', 'executable': split($SERVER)[0], 'command': $SERVER,
  \ 'project_root': {buffer -> expand('#' . buffer . ':p:h')}, 'language': 'python'})
filetype plugin on
