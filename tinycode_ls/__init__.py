"""Private code completion that you train yourself: model file, engine, workspace index, completer, language server."""

__version__ = "0.1.0"
