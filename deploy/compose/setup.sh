#!/bin/sh
# Makes .env and secrets/ for docker-compose.yml. What is there already is kept.
set -eu
cd "$(dirname "$0")/../.."

[ -e .env ] || cp .env.example .env

# The folder keeps everybody else out; the files in it are for the containers' uid to read.
mkdir -p secrets
chmod 0700 secrets
for name in mediamtx.password obs.password email.password slack.url heartbeat.url; do
  [ -e "secrets/$name" ] || : > "secrets/$name"
done
for name in admin.token grafana.password; do
  [ -s "secrets/$name" ] && continue
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "secrets/.$name.new"
  mv "secrets/.$name.new" "secrets/$name"
done
chmod 0644 secrets/*

echo "look at .env; secrets/admin.token signs in at Leitstand, secrets/grafana.password at Grafana"
