#!/bin/sh
# Installs Leitstand as services of systemd: sudo sh deploy/install.sh
#
#   /opt/leitstand/releases/…   one a version, with its own venv from requirements.lock
#   /etc/leitstand              configuration and secrets; what is there is kept
#   /var/lib/leitstand          database, clips, backups
#
# Safe to run again. Where another version is installed it is upgrade.sh.
set -eu
# shellcheck source=deploy/parts.sh
. "$(dirname "$0")/parts.sh"

make_user_and_folders() {
  install -D -m 0644 "$source/deploy/systemd/leitstand.sysusers.conf" \
    "$root/etc/sysusers.d/leitstand.conf"
  install -D -m 0644 "$source/deploy/systemd/leitstand.tmpfiles.conf" \
    "$root/etc/tmpfiles.d/leitstand.conf"
  if [ -n "$root" ]; then
    mkdir -p "$root/etc/leitstand" "$state/backups"
  else
    systemd-sysusers /etc/sysusers.d/leitstand.conf
    systemd-tmpfiles --create /etc/tmpfiles.d/leitstand.conf
  fi
}

put_configuration() {
  [ -e "$config" ] && return
  install -m 0640 "$source/deploy/systemd/leitstand.yml" "$config.new"
  [ -n "$root" ] || chgrp leitstand "$config.new"
  mv "$config.new" "$config"
  say "look at $config"
}

be_root
make_user_and_folders
put_configuration

id=$(release_id)
if [ -L "$home/current" ] && [ "$(readlink "$home/current")" != "releases/$id" ]; then
  exec sh "$source/deploy/upgrade.sh"
fi

mkdir -p "$home/releases"
build_release "$id"
switch_to "releases/$id"
mkdir -p "$root/usr/local/bin"
ln -sfn "$home/current/bin/leitstand" "$root/usr/local/bin/leitstand"
put_units
start_services enable --now
wait_until_healthy || die "$id is installed, but does not run: journalctl -u 'leitstand-*'"
if has_control; then
  say "$id runs"
else
  say "$id is installed; no systemd runs here that could start it"
fi
