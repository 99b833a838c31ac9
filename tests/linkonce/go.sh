#!/bin/bash
# Stands before go on the tests' PATH. A further `go build -o OUT PACKAGE` in the same folder gets the first one's executable.
set -euo pipefail
export PATH="$LINKONCE_PATH"
[[ "$1 $2" == "build -o" ]] || exec go "$@"
[[ ! -x "$3" ]] || exit 0
name="$PWD ${*:4}"
made="$LINKONCE_FOLDER/${name//[^[:alnum:]]/_}"
exec 9>"$made.lock"
flock 9
[[ -x "$made" ]] || go build -o "$made" "${@:4}"
mkdir -p "$(dirname "$3")"
ln -f "$made" "$3"
