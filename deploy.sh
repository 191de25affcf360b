#!/usr/bin/env bash
# Deploy an environment: ./deploy.sh ENV BUCKET. It shows what will change and asks; --help says more.
set -euo pipefail

script="${BASH_SOURCE[0]}"
while [[ -L "$script" ]]; do # the project is where the script is, not where a link to it is
  target="$(readlink -- "$script")"
  [[ "$target" == /* ]] || target="$(dirname -- "$script")/$target"
  script="$target"
done
cd -- "$(dirname -- "$script")"

if [[ -n "${VIRTUAL_ENV:-}" && -x "$VIRTUAL_ENV/bin/python" ]]; then
  python="$VIRTUAL_ENV/bin/python"
elif [[ -x .venv/bin/python ]]; then
  python=.venv/bin/python
else
  echo "error: no Python environment in $PWD: python3 -m venv .venv && .venv/bin/pip install -r requirements.txt" >&2
  exit 1
fi
exec "$python" -c 'from data_pipeline.cli.entry import start; start("./deploy.sh", "deploy")' "$@"
