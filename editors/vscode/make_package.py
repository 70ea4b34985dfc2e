"""Writes `package.json` of the extension, with the settings of `tinycode_ls/settings.py`, where they are defined.

usage: python editors/vscode/make_package.py          (a test compares the file with what this makes)
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from tinycode_ls import __version__
from tinycode_ls.settings import Settings, camel_case

COMMANDS = {
    "tune": "Tune on This Repository",
    "explainSuggestion": "Explain the Last Suggestion",
    "toggle": "Enable or Disable Here",
    "toggleLanguage": "Enable or Disable for This Language",
    "restart": "Restart the Server",
    "showLog": "Show the Log",
    "showStatus": "Show the Status",
}


def setting_schema(entry: Any) -> dict[str, Any]:
    """A setting as VS Code describes it."""
    default, data = entry.default, entry.metadata
    schema: dict[str, Any] = {
        "description": data["sentence"],
        "default": list(default) if isinstance(default, tuple) else default,
    }
    if isinstance(default, bool):
        schema["type"] = "boolean"
    elif isinstance(default, (int, float)):
        schema |= {
            "type": "integer" if isinstance(default, int) else "number",
            "minimum": data["least"],
            "maximum": data["most"],
        }
    elif isinstance(default, tuple):
        schema |= {"type": "array", "items": {"type": "string"}}
    else:
        schema["type"] = "string"
    if "one_of" in data:
        schema["enum"] = list(data["one_of"])
    schema["scope"] = "machine-overridable" if data.get("private") else "window" if data.get("whole") else "resource"
    return schema


def package() -> dict[str, Any]:
    """The whole file."""
    command = {
        "description": "Command that starts the server; empty: the first of .venv or venv of the workspace, PATH, "
        "~/.local/bin and python3 -m tinycode_ls that has one.",
        "type": "array",
        "items": {"type": "string"},
        "default": [],
        "scope": "machine-overridable",
    }
    properties = {"tinycode.command": command}
    properties |= {f"tinycode.{camel_case(entry.name)}": setting_schema(entry) for entry in fields(Settings)}
    return {
        "name": "tinycode",
        "displayName": "tinycode",
        "description": "Private code completion that you train yourself: no account, no network, a few megabytes.",
        "version": __version__,
        "publisher": "tinycode-ls",
        "license": "MIT",
        "private": True,
        "categories": ["Programming Languages", "Machine Learning"],
        "engines": {"vscode": "^1.91.0"},
        "extensionKind": ["workspace"],
        "main": "./dist/extension.js",
        "activationEvents": ["onLanguage", "onStartupFinished"],  # whichever is first: a document, or the window
        "contributes": {
            "configuration": {"title": "tinycode", "properties": properties},
            "commands": [
                {"command": f"tinycode.{name}", "title": title, "category": "tinycode"}
                for name, title in COMMANDS.items()
            ],
        },
        "scripts": {
            "build": "esbuild src/extension.ts --bundle --platform=node --format=cjs --target=node20 "
            "--external:vscode --outfile=dist/extension.js --minify",
            "check": "tsc -p .",
            "package": "npm run build && vsce package --no-dependencies --skip-license --allow-missing-repository "
            "--out tinycode.vsix",
        },
        "dependencies": {"vscode-languageclient": "11.0.0"},
        "devDependencies": {
            "@types/node": "20.19.0",
            "@types/vscode": "1.91.0",
            "@vscode/vsce": "4.1.0",
            "esbuild": "0.28.2",
            "typescript": "5.9.3",
        },
    }


def text() -> str:
    """As it stands in the file."""
    return json.dumps(package(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("package.json").write_text(text(), encoding="utf-8")
