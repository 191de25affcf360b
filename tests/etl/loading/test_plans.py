"""The plan of an earlier run is kept with the run that goes by it."""

from __future__ import annotations

from pathlib import Path

from data_pipeline.etl.loading import plans


def test_a_plan_of_an_earlier_run_is_kept_with_its_decision(tmp_path: Path) -> None:
    """So that everything that looks at the later run finds them there; a run's own plan stays as it is."""
    old = tmp_path / "runs" / "old"
    old.mkdir(parents=True)
    for name in ("plan.json", "decision.json"):
        (old / name).write_text(name)
    plans.keep(str(old / "plan.json"), str(tmp_path), "new")
    kept = {path.name: path.read_text() for path in (tmp_path / "runs" / "new").iterdir()}
    assert kept == {"plan.json": "plan.json", "decision.json": "decision.json"}
    (old / "decision.json").unlink()
    plans.keep(str(old / "plan.json"), str(tmp_path), "newer")
    assert [path.name for path in (tmp_path / "runs" / "newer").iterdir()] == ["plan.json"]
    plans.keep(str(tmp_path / "runs" / "newer" / "plan.json"), str(tmp_path), "newer")
    assert [path.name for path in (tmp_path / "runs" / "newer").iterdir()] == ["plan.json"]
