# What install.sh and upgrade.sh share.
#
# DESTDIR goes before every path, for trying: then no user is made, and no service is started unless
# SYSTEMCTL names somebody to do it.
# shellcheck shell=sh

umask 022
source=$(cd "$(dirname "$0")/.." && pwd)
root=${DESTDIR:-}
home=$root/opt/leitstand
config=$root/etc/leitstand/leitstand.yml
state=$root/var/lib/leitstand
runtime=$root/run/leitstand
python=${PYTHON:-python3}
# The recorder first: nothing that it does waits for the others.
recorder=leitstand-recorder.service
services="leitstand-exporter.service leitstand-api.service"
patience=${PATIENCE:-60}

say() { echo "leitstand: $*"; }
die() {
  say "$*" >&2
  exit 1
}

be_root() {
  [ -n "$root" ] || [ "$(id -u)" = 0 ] || die "this needs root: sudo sh $0"
}

# The version and a checksum of all that makes it: what is the same is not installed twice.
release_id() {
  version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$source/leitstand/__init__.py")
  sum=$(cd "$source" \
    && find leitstand exporter control_api alertmanager prometheus grafana deploy requirements.lock \
      -type f ! -path '*/__pycache__/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum \
    | sha256sum | cut -c1-12)
  echo "$version-$sum"
}

# In a folder beside it, renamed when it is complete.
build_release() { # id
  [ -d "$home/releases/$1" ] && return
  say "building $1"
  new=$home/releases/.new
  rm -rf "$new"
  mkdir -p "$new/lib"
  "$python" -m venv "$new/venv"
  "$new/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \
    --require-hashes --only-binary=:all: -r "$source/requirements.lock"
  for packages in "$new"/venv/lib/python3*/site-packages; do
    echo ../../../../lib >"$packages/leitstand.pth"
  done
  for part in leitstand exporter control_api alertmanager prometheus grafana; do
    cp -R "$source/$part" "$new/lib/"
  done
  cp -R "$source/deploy/bin" "$source/deploy/systemd" "$new/"
  cp "$source/README.md" "$source/LICENSE" "$new/"
  find "$new/lib" -name __pycache__ -prune -exec rm -rf {} +
  "$new/venv/bin/python" -m compileall -q "$new/lib"
  chmod -R a+rX,go-w "$new"
  chmod 0755 "$new"/bin/*
  sync
  mv "$new" "$home/releases/$1"
}

switch_to() { # release folder, below $home
  rm -f "$home/.current.new"
  ln -s "$1" "$home/.current.new"
  mv -T "$home/.current.new" "$home/current"
}

put_units() {
  units=$root/etc/systemd/system
  mkdir -p "$units"
  for unit in $recorder $services; do
    if [ -e "$home/current/systemd/$unit" ]; then
      install -m 0644 "$home/current/systemd/$unit" "$units/$unit"
    else
      without_recorder
    fi
  done
  control daemon-reload
}

# The release is one that records in its control API: a journal that stayed would be believed by the
# next recorder, long after it was true.
without_recorder() {
  control disable "$recorder" || true
  rm -f "$root/etc/systemd/system/$recorder"
  rm -rf "$state/recorder" "$runtime/recorder"
}

# The recorder first; the rest of the release may fail to start without it being held up.
start_services() { # verb and options
  if [ -e "$root/etc/systemd/system/$recorder" ]; then
    control "$@" "$recorder"
  fi
  # shellcheck disable=SC2086  # several words
  control "$@" $services
}

# The recorder last, and only for as long as the database is copied; OBS goes on recording.
stop_services() {
  # shellcheck disable=SC2086  # several words
  control stop $services
  if [ -e "$root/etc/systemd/system/$recorder" ]; then
    control stop "$recorder"
  fi
}

# Whether there is somebody to start services.
has_control() {
  [ -n "${SYSTEMCTL:-}" ] || { [ -z "$root" ] && [ -d /run/systemd/system ]; }
}

control() {
  if has_control; then
    "${SYSTEMCTL:-systemctl}" "$@"
  fi
}

# Nothing that belongs to the services is touched as root: SQLite would leave files of its own.
as_user() {
  if [ -z "$root" ]; then
    runuser -u leitstand -- env RUNTIME_DIRECTORY="$runtime" "$@"
  else
    env RUNTIME_DIRECTORY="$runtime" "$@"
  fi
}

upkeep() { # what, arguments
  what=$1
  shift
  as_user "$home/current/venv/bin/python" "$home/current/bin/upkeep" "$what" "$config" "$@"
}

wait_until_healthy() {
  has_control || return 0
  urls=$(upkeep urls) || return 1
  until=$(($(date +%s) + patience))
  wait_for upkeep recorder || return 1
  for url in $urls; do
    wait_for "$home/current/venv/bin/python" "$home/current/bin/healthy" "$url" || return 1
  done
}

wait_for() { # what has to succeed until then
  until "$@" 2>/dev/null; do
    [ "$(date +%s)" -lt "$until" ] || return 1
    sleep 1
  done
}
