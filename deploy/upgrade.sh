#!/bin/sh
# Brings an installation to the version that this lies in: sudo sh deploy/upgrade.sh
#
# Builds it first, beside the one that runs. Then: stop, copy the database, switch, bring the copied
# database's tables up to date, start. OBS goes on recording meanwhile, and the recorder goes on with
# that recording. When the services are not healthy within a minute, or this is interrupted, the old
# version and its database are put back; when even that is cut off, by the next run. Safe to run again.
set -eu
# shellcheck source=deploy/parts.sh
. "$(dirname "$0")/parts.sh"

# While it is there an upgrade is under way: the old release, and on a second line the copy.
journal=$home/upgrading

roll_back() {
  old=$(sed -n 1p "$journal")
  copy=$(sed -n 2p "$journal")
  say "going back to $old" >&2
  stop_services || true
  # First: what puts the copy back is the old release's.
  switch_to "$old"
  [ -z "$copy" ] || upkeep restore "$copy"
  put_units
  rm "$journal"
  start_services start
}

at_exit() {
  code=$?
  trap - EXIT
  if [ -e "$journal" ]; then
    roll_back
    say "the upgrade to $id failed; $old runs as before: journalctl -u 'leitstand-*'" >&2
    exit 1
  fi
  exit "$code"
}

note() { # old release, copy
  printf '%s\n' "$@" >"$journal.new"
  sync
  mv "$journal.new" "$journal"
}

be_root
[ -L "$home/current" ] || die "nothing is installed: sh deploy/install.sh"
[ ! -e "$journal" ] || roll_back

id=$(release_id)
old=$(readlink "$home/current")
if [ "$old" = "releases/$id" ]; then
  say "$id is installed already"
  exit 0
fi
build_release "$id"
as_user "$home/releases/$id/bin/leitstand" check-config --config "$config" >/dev/null \
  || die "the configuration is not one for $id; nothing was changed"

trap at_exit EXIT
trap 'exit 1' HUP INT TERM
note "$old" ""
stop_services
copy=$(upkeep backup "$state/backups")
note "$old" "$copy"
switch_to "releases/$id"
put_units
# So that the recorder does not have to, which at its start waits only for a moment for the database.
upkeep migrate || exit 1
start_services enable --now
wait_until_healthy || exit 1
rm "$journal"

# The one before stays, to go back by hand; copies of the database are yours to remove.
find "$home/releases" -mindepth 1 -maxdepth 1 ! -name "$id" ! -name "$(basename "$old")" \
  -exec rm -rf {} +
say "$id runs; before it ran $old${copy:+, whose database is $copy}"
