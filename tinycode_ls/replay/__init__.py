"""`tinycode-ls replay`: lines of your own git history, typed again, each with the repository as it was before it."""
