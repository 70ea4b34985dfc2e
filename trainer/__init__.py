"""Training of tinycode-ls models. Users run `tinycode-train`; nothing imports this package (relative imports only inside)."""
