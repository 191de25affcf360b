#!/usr/bin/env bash
# Resolve the locks of the jobs' packages anew: ./jobs/locks/update.sh (needs uv and a package index).
# Python version and C library are those of data_pipeline/core/facts/runtimes.py; a test holds the two together.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

compile() { # RUNTIME PYTHON PLATFORM [OPTION…]
  uv pip compile --quiet --upgrade --generate-hashes --only-binary :all: --no-annotate --no-emit-index-url \
    --python-version "$2" --python-platform "$3" --custom-compile-command ./jobs/locks/update.sh \
    "${@:4}" "$1.in" --output-file "$1.txt"
}

compile sagemaker-python 3.12 x86_64-manylinux_2_28 --constraints ../../constraints.txt
compile sagemaker-spark 3.12 x86_64-manylinux_2_34 --constraints ../../constraints.txt
compile glue-spark 3.11 x86_64-manylinux_2_34 --constraints ../../constraints.txt
compile glue-pythonshell 3.9 x86_64-manylinux_2_17
