#!/bin/sh
# Installs the real programs that the tests start: Debian packages, as root. Elsewhere it only
# says what will be skipped; with CI=true a missing one is a failure.
set -eu

packages=""
missing=""
need() { # package program...
  package=$1
  shift
  for program; do
    command -v "$program" >/dev/null && continue
    missing="$missing $program"
    packages="$packages $package"
  done
}
need prometheus prometheus promtool
need prometheus-alertmanager prometheus-alertmanager amtool
need ffmpeg ffmpeg ffprobe
need redis-server redis-server
need chromium chromium
need obs-studio obs
need systemd systemd-analyze systemd-sysusers systemd-tmpfiles
need xvfb Xvfb
# Not in PATH on Debian.
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || need postgresql postgres
# A library, which is preloaded.
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || need libfaketime libfaketime.so.1
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # The package would start a server of its own on a machine with an init system.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  apt-get -qq update
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $packages
  exit 0
fi

echo "not installed:$missing; tests that need them are skipped (as root on Debian: make components)"
[ "${CI:-}" != true ]
