#!/bin/sh
# Installs what the tests need and is missing; says so and fails when it cannot. Nothing is ever skipped.
set -eu

need() { # command, Debian package, more packages
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

missing=""
need sipp sip-tester
need baresip "baresip-core baresip-ffmpeg"
need cc gcc
if [ -n "$missing" ]; then
    echo "tests need:$missing; installing"
    if [ "$(id -u)" -ne 0 ]; then
        sudo="sudo"
    else
        sudo=""
    fi
    # shellcheck disable=SC2086
    if ! { $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends $missing; } >/tmp/strowger-tools.log 2>&1; then
        tail -5 /tmp/strowger-tools.log >&2
        echo "the tests cannot run without:$missing — install them by hand and try again" >&2
        exit 1
    fi
fi

if ! cargo nextest --version >/dev/null 2>&1; then
    echo "tests need cargo-nextest; installing"
    cargo install --locked cargo-nextest
fi
