#!/bin/bash
# Stands before go on the tests' PATH. A further `go build -o OUT PACKAGE` in the same folder gets the first one's executable. Go keeps
# what it links for `go run`, so tests of other packages, and these tests once more, do not link it either. They wait for each other at
# the folder's lock.
set -euo pipefail
export PATH="$LINKONCE_PATH"
[[ "$1 $2" == "build -o" ]] || exec go "$@"
[[ ! -x "$3" ]] || exit 0
name="$PWD ${*:4}"
made="$LINKONCE_FOLDER/${name//[^[:alnum:]]/_}"
exec 9< .
flock 9
[[ -x "$made" ]] || GOGC=off GOMEMLIMIT=1GiB go run -exec cp "${@:4}" "$made" # as the check compiles
mkdir -p "$(dirname "$3")"
ln -f "$made" "$3"
