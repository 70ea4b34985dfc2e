"""What a file's name says: its language, whether it is a secret, and whether it counts as source at all."""

import re
from pathlib import Path, PurePath

_SUFFIXES = {
    "python": ".py .pyi .smk", "cython": ".pyx .pxd .pxi", "starlark": ".bzl .bazel .star",
    "javascript": ".js .mjs .cjs .jsx", "typescript": ".ts .mts .cts .tsx", "coffeescript": ".coffee", "go": ".go",
    "rust": ".rs", "zig": ".zig", "nim": ".nim .nimble .nims", "d": ".d", "crystal": ".cr", "c": ".c .h",
    "cpp": ".cc .cpp .cxx .hpp .hh .hxx .c++ .h++ .inl .ipp .tpp .ixx .cppm .ino", "objectivec": ".m .mm",
    "cuda": ".cu .cuh", "glsl": ".glsl .vert .frag .comp .geom", "hlsl": ".hlsl", "wgsl": ".wgsl", "opencl": ".cl",
    "metal": ".metal", "asm": ".s .asm", "verilog": ".v .vh .sv .svh", "vhdl": ".vhd .vhdl", "java": ".java .pde",
    "kotlin": ".kt .kts", "groovy": ".groovy .nf", "gradle": ".gradle", "scala": ".scala .sc .sbt",
    "apex": ".cls .trigger", "clojure": ".clj .cljs .cljc .edn", "csharp": ".cs", "fsharp": ".fs .fsi .fsx",
    "vb": ".vb .bas", "swift": ".swift", "dart": ".dart", "php": ".php .phtml",
    "ruby": ".rb .rake .gemspec .ru .podspec .jbuilder", "lua": ".lua .rockspec", "perl": ".pl .pm .t .raku .rakumod",
    "r": ".r", "julia": ".jl", "fortran": ".f .for .f90 .f95 .f03 .f08", "pascal": ".pas .dpr .lpr",
    "ada": ".adb .ads", "haxe": ".hx", "haskell": ".hs .lhs .hsc", "elm": ".elm", "purescript": ".purs",
    "ocaml": ".ml .mli", "lean": ".lean", "elixir": ".ex .exs", "erlang": ".erl .hrl", "gdscript": ".gd",
    "solidity": ".sol", "vim": ".vim", "lisp": ".el .lisp .lsp .asd .fnl", "scheme": ".scm .rkt .ss", "tcl": ".tcl",
    "shell": ".sh .bash .zsh .ksh .bats .fish", "powershell": ".ps1 .psm1 .psd1", "bat": ".bat .cmd", "awk": ".awk",
    "sql": ".sql .pgsql .plsql .ddl", "css": ".css .scss .sass .less .styl .tcss",
    "html": ".html .htm .xhtml .cshtml .razor .haml .pug .slim .jsp", "vue": ".vue", "svelte": ".svelte",
    "astro": ".astro", "xml": ".xml .xsd .xsl .xslt .xaml .csproj .fsproj .props .targets",
    "markdown": ".md .mdx .rst .adoc .rmd .qmd .org .asciidoc", "text": ".txt", "tex": ".tex .sty .bib",
    "toml": ".toml", "yaml": ".yaml .yml", "json": ".json .jsonc .json5",
    "ini": ".cfg .ini .conf .properties .service .timer .socket .desktop", "cmake": ".cmake", "make": ".mk .mak .am",
    "nix": ".nix", "protobuf": ".proto", "thrift": ".thrift", "terraform": ".tf .hcl .nomad",
    "graphql": ".graphql .gql", "prisma": ".prisma", "cue": ".cue", "jsonnet": ".jsonnet .libsonnet", "rego": ".rego",
    "puppet": ".pp", "qml": ".qml", "docker": ".dockerfile", "m4": ".m4 .ac", "gn": ".gn .gni", "dts": ".dts .dtsi",
    "gherkin": ".feature", "vala": ".vala .vapi", "gleam": ".gleam", "odin": ".odin", "mojo": ".mojo",
    "rescript": ".res .resi", "reason": ".re .rei", "typst": ".typ", "bicep": ".bicep", "robot": ".robot",
    "cobol": ".cbl .cob .cpy", "sas": ".sas", "stata": ".ado", "abap": ".abap", "cabal": ".cabal", "move": ".move",
    "cairo": ".cairo", "vyper": ".vy", "wdl": ".wdl", "idris": ".idr", "agda": ".agda", "dafny": ".dfy",
    "capnp": ".capnp", "flatbuffers": ".fbs", "dhall": ".dhall", "antlr": ".g4", "yacc": ".y .yy .l", "hack": ".hack",
    "nushell": ".nu", "p4": ".p4", "codeql": ".ql .qll",
}  # fmt: skip
"""Language -> suffixes, the usual one first."""
LANGUAGES = {suffix: language for language, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
"""Suffix -> language. A file with another suffix is not source, except templates and the names below."""
TEMPLATES = {".hbs", ".mustache", ".ejs", ".erb", ".eex", ".heex", ".twig", ".jinja", ".jinja2", ".j2", ".njk", ".liquid",
             ".tmpl", ".gotmpl", ".tpl", ".in"}  # fmt: skip
"""Of what the suffix before it says: `settings.toml.jinja`; of a page where that says nothing."""
NAMED = {"Makefile": "make", "makefile": "make", "GNUmakefile": "make", "Justfile": "make", "justfile": "make",
         "Dockerfile": "docker", "Containerfile": "docker", "CMakeLists.txt": "cmake", "meson.build": "meson",
         "Gemfile": "ruby", "Rakefile": "ruby", "Podfile": "ruby", "Fastfile": "ruby", "Brewfile": "ruby",
         "Vagrantfile": "ruby", "Jenkinsfile": "groovy", "BUILD": "starlark", "WORKSPACE": "starlark", "Tiltfile": "starlark",
         "SConstruct": "python", "SConscript": "python", "go.mod": "gomod", "Snakefile": "python", "BUCK": "starlark",
         **dict.fromkeys(("Guardfile", "Dangerfile", "Berksfile", "Capfile", "Appfile", "Matchfile", "Thorfile"), "ruby"),
         "PKGBUILD": "shell", "APKBUILD": "shell",
         **dict.fromkeys((".babelrc", ".eslintrc", ".prettierrc", ".stylelintrc", ".swcrc"), "json"),
         **dict.fromkeys((".editorconfig", ".flake8", ".pylintrc", ".coveragerc"), "ini"),
         **dict.fromkeys((".vimrc", ".gvimrc", ".ideavimrc"), "vim"),
         **dict.fromkeys((".clang-format", ".clang-tidy", ".clangd"), "yaml"), ".emacs": "lisp"}  # fmt: skip

SECRET_NAMES = {".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".s3cfg", ".htpasswd", ".dockercfg",
                ".git-credentials", "credentials", "auth.json", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519",
                "kubeconfig", "kubeconfig.yaml", "kubeconfig.yml", "token.json", "tokens.txt", "password.txt", "passwords.txt",
                "local.settings.json"}  # fmt: skip
SECRET_PLACES = {(".docker", "config.json"), (".kube", "config")}
"""Folder and name."""
DATA = r"\.(json|ya?ml|toml|ini|cfg|conf|properties|xml|txt)"
SECRET_WORDS = re.compile(rf"(.*[._-])?(secrets?|credentials?|service[_-]?account(key)?)([._-].*)?{DATA}")
"""Data named so, with anything before or behind the word: `secrets.prod.yaml`; code is not: `secrets.py`."""
ENVIRONMENTS = re.compile(r"\.env(rc)?([._-].*)?")
FILLED_IN = re.compile(rf".*[._-](example|sample|template)({DATA})?")
"""Of a secret, to be filled in: `.env.example`, `secrets.example.yaml`."""
SECRET_SUFFIXES = {".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".gpg", ".asc", ".env"}
VENDORED = {"node_modules", "vendor", "_vendor", "vendored", "third_party", "third-party", "thirdparty",
            "site-packages", "bower_components", "dist", "build", "target", "__pycache__", ".git", ".hg", ".svn",
            ".tox", ".nox", ".venv", "venv", ".mypy_cache", ".pytest_cache", ".ruff_cache",
            ".tinycode", ".idea", ".gradle"}  # fmt: skip
LOCK_FILES = {"package-lock.json", "yarn.lock", "pnpm-lock.yaml", "poetry.lock", "uv.lock", "Cargo.lock", "go.sum",
              "composer.lock", "Gemfile.lock", "Pipfile.lock", "npm-shrinkwrap.json"}  # fmt: skip
GENERATED_ENDINGS = ("_pb2.py", "_pb2_grpc.py", ".pb.go", ".min.js", ".min.css", ".bundle.js", ".designer.cs")


def language_of(path: str | PurePath) -> str | None:
    """`python` for `x.py`, `docker` for `Dockerfile.dev`; None when the name is not a source file's."""
    path = PurePath(path)
    suffix = path.suffix.lower()
    if suffix in TEMPLATES:
        return language_of(path.stem) or (None if suffix == ".in" else "html")
    known = NAMED.get(path.name) or LANGUAGES.get(suffix)
    return known or (None if "." in path.stem else NAMED.get(path.stem))


def is_secret(path: str | Path) -> bool:
    """Names that hold keys or passwords: never read, never completed."""
    folder, name = Path(path).parent.name, Path(path).name.lower()
    if name in SECRET_NAMES or (folder, name) in SECRET_PLACES or Path(name).suffix in SECRET_SUFFIXES:
        return True
    return bool((ENVIRONMENTS.fullmatch(name) or SECRET_WORDS.fullmatch(name)) and not FILLED_IN.fullmatch(name))


def judge_name(path: Path, root: Path) -> str:
    """The reason to refuse a file by its name and folder alone, or ''."""
    if is_secret(path):
        return "a secret by its name; never opened"
    folders = path.relative_to(root).parts[:-1] if path.is_relative_to(root) else ()
    bad = next((part for part in folders if part in VENDORED), None)
    if bad:
        return f"vendored or built ({bad}/)"
    if path.name in LOCK_FILES or path.name.endswith(GENERATED_ENDINGS):
        return "generated, by its name"
    return "" if language_of(path) or may_be_script(path) else f"not a source file ({path.suffix or path.name})"


def may_be_script(path: PurePath) -> bool:
    """Whether only its first line tells: a name without a suffix, as commands have, and not as LICENSE. See `files.judge`."""
    name = path.name
    return not (path.suffix or name.startswith(".") or name.isupper() or language_of(path))
