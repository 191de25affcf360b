# Everything starts from a bare clone with make and Python 3.11 to 3.14: each target makes .venv when it is needed.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
export VIRTUAL_ENV := $(CURDIR)/.venv
export PATH := $(VIRTUAL_ENV)/bin:$(PATH)
unexport PYTHONPATH PYTHONHOME
# Where bytecode is not kept, each of the many commands that the tests start compiles the package anew.
unexport PYTHONDONTWRITEBYTECODE

INSTALLED := .venv/.installed
INSTALLED_DEV := .venv/.installed-dev
INSTALLED_SECURITY := .venv-security/.installed
INSTALLED_CONFORMANCE := .venv-conformance/.installed
# Twice two cores: tests of jobs and servers often wait for another process.
TEST_WORKERS ?= 4

.PHONY: help install demo test test-pythons soak conformance removal bench check docs kernel format constraints authorization clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/bin/python:
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 14) else "error: Python 3.11 to 3.14 is needed, $(PYTHON) is %d.%d; name another with: make PYTHON=python3.11 ..." % v)'
	"$(PYTHON)" -m venv .venv

$(INSTALLED): pyproject.toml requirements.txt jobs/requirements.txt locks/constraints.txt | .venv/bin/python
	python -m pip install --quiet --disable-pip-version-check -c locks/constraints.txt -r requirements.txt
	@touch $@

$(INSTALLED_DEV): $(INSTALLED) locks/constraints.txt
	python -m pip install --quiet --disable-pip-version-check -r locks/constraints.txt
	@touch $@

# An environment of its own: checkov pins an old boto3.
$(INSTALLED_SECURITY): locks/constraints-security.txt | .venv/bin/python
	python -m venv .venv-security
	.venv-security/bin/python -m pip install --quiet --disable-pip-version-check -r locks/constraints-security.txt
	@touch $@

# Another one: the clients pin releases of boto3 and DuckDB that are not ours.
$(INSTALLED_CONFORMANCE): locks/constraints-conformance.txt | .venv/bin/python
	python -m venv .venv-conformance
	.venv-conformance/bin/python -m pip install --quiet --disable-pip-version-check -r locks/constraints-conformance.txt
	@touch $@

install: $(INSTALLED)  ## make .venv with what the commands and the embedded AWS need

demo: $(INSTALLED)  ## render, deploy and run the pipeline on the embedded AWS, on sample trip files
	python data_pipeline_create.py
	python jobs/sample.py .local/sample
	./deploy.sh local demo-artifacts --yes
	python data_pipeline_run.py local --source .local/sample
	@printf '%s\n' '' 'To start over on your own trip files:' \
	  '  source .venv/bin/activate' \
	  '  python -m data_pipeline local reset --yes' \
	  '  ./deploy.sh local demo-artifacts --yes' \
	  '  python data_pipeline_run.py local --source DIR'

test: $(INSTALLED_DEV)  ## run all tests but those that only the soak runs
	python -m pytest -n $(TEST_WORKERS) --dist worksteal $(PYTEST_ARGS)

test-pythons:  ## run the demo and make test by every claimed Python of this machine, into docs/records/pythons.md
	"$(PYTHON)" tests/pythons.py $(PYTHONS)

bench: $(INSTALLED_DEV)  ## measure the commands and the job against the plain Spark job, the mirror and the ingestion, into docs/
	python tests/bench/bench.py $(BENCH_ARGS)
	python tests/bench/starts.py
	python tests/bench/engine.py
	python tests/bench/mirror.py
	python tests/bench/ingestion.py
	python tests/bench/planning.py
	python tests/bench/datasets.py
	python tests/bench/keyed.py
	python tests/bench/reports.py
	python tests/bench/deploying.py

soak: $(INSTALLED_DEV)  ## run the randomised and killed-process tests with their full counts, and the longer stories, into docs/records/soak.md
	python tests/soak.py

conformance: $(INSTALLED_DEV) $(INSTALLED_CONFORMANCE)  ## set clients of others on the embedded AWS, and write what came of it into docs/records/conformance.md
	python tests/conformance/report.py $(CONFORMANCE_ARGS)

removal: $(INSTALLED_DEV)  ## take every action of every role away, one by one, and show that it is missed, into docs/records/removal.md
	python tests/removal/report.py

check: $(INSTALLED_DEV) $(INSTALLED_SECURITY)  ## format, lint, types, layers, templates, security, shell, documentation
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	python data_pipeline_create.py --check
	python jobs/taxi/kernel/scan.py --check
	python -m data_pipeline check
	python -m tests.core.checks.figures
	cfn-lint templates/*.yaml
	python -m tests.security
	shellcheck deploy.sh .ci/run
	python -m data_pipeline.core.reference --check
	python -m data_pipeline.cli.reference --check
	python tests/architecture.py --check
	vermin --target=3.9- --violations --no-tips --eval-annotations data_pipeline/etl/custom/step.py data_pipeline/etl/jobs/bootstrap.py data_pipeline/etl/jobs/mirror.py data_pipeline/etl/documents data_pipeline/etl/mirror data_pipeline/etl/quality data_pipeline/etl/planning data_pipeline/etl/state data_pipeline/etl/jobs/prepare_datasets.py data_pipeline/etl/storage data_pipeline/etl/errors.py data_pipeline/etl/exits.py data_pipeline/etl/arguments.py

docs: $(INSTALLED_DEV)  ## write the pages that the code itself knows
	python -m data_pipeline.core.reference
	python -m data_pipeline.cli.reference
	python tests/architecture.py

kernel: $(INSTALLED_DEV)  ## compile the scan of CSV, jobs/taxi/kernel/scan.py, into jobs/taxi/scan.ll
	python jobs/taxi/kernel/scan.py

format: $(INSTALLED_DEV)  ## format the code and mend what lint can mend
	ruff format .
	ruff check --fix .

RESOLVE := uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --custom-compile-command "make constraints"
constraints: $(INSTALLED_DEV)  ## resolve the packages of pyproject.toml anew for every supported Python, into locks/, and those of the jobs
	python -m pip install --quiet uv
	$(RESOLVE) --extra local --group dev pyproject.toml -o locks/constraints.txt
	$(RESOLVE) --group security -o locks/constraints-security.txt
	$(RESOLVE) --group conformance -o locks/constraints-conformance.txt
	python -m data_pipeline.cli.job_locks locks/constraints.txt
	data-pipeline lock

authorization: | .venv/bin/python  ## fetch with npm what AWS says of each IAM action, against which the tests hold the policies
	python tests/make_authorization.py

clean:  ## remove the environment and what the tools cached (not .local: see `python -m data_pipeline local reset`)
	rm -rf .venv .venv-conformance .venv-security .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
