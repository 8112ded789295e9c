"""The dashboards as code: Python that writes grafana/dashboards/*.json. `make dashboards`."""
