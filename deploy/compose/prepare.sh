#!/bin/sh
# Runs once before the others, at every `up`: what Prometheus and Alertmanager read.
set -eu

# Prometheus scrapes the control API with a viewer's token of its own; a good one is kept.
leitstand token create prometheus --role viewer --output /srv/prometheus-token/viewer.token
# Alertmanager cannot read variables: its configuration is written for `notify:`.
leitstand alertmanager-config --output /srv/alertmanager-config
