"""Write and run forecast.ipynb, the notebook of forecast.py: ``python examples/make_notebook.py``, after its README."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOTEBOOK = HERE / "forecast.ipynb"
#: what the notebook holds, in order: ("says", Markdown) or ("does", Python).
CELLS = (
    (
        "says",
        "# A forecast of the next window\n\nRides of New York in the 15 minutes that begin, from what was known: the "
        "same window 52 and 104 weeks before, and the calendar. The training set is frozen (`training-set create`): "
        "the same version holds the same bytes, whenever this is run. `examples/README.md` says how its data come "
        "about; they are made up, and show the way rather than the city.",
    ),
    (
        "does",
        "import forecast\n\nfrom data_pipeline.api import Project\n\n"
        'data = Project(".").environment("local").open_training_set("next_window")\n'
        "{name: len(table) for name, table in data.parts.items()}",
    ),
    ("says", "What a row holds. `time` is when the prediction is made, `label` what came."),
    ("does", 'for row in data.parts["test"].slice(48, 3).to_pylist():\n    print(row)'),
    (
        "says",
        "Fit to the training part, choose how much to shrink with the validation part, and look at the test once. The "
        "regression has to beat the plainest forecast there is: what was counted 52 weeks before.",
    ),
    (
        "does",
        "rows = forecast.parts(data)\nshrinkage, model = forecast.chosen(rows[0], rows[1])\n"
        "print(forecast.report(data.version, rows, shrinkage, model))",
    ),
    ("says", "The first week of the test."),
    (
        "does",
        "from pathlib import Path\n\nfrom IPython.display import SVG\n\n"
        'forecast.plot(Path("forecast.svg"), rows[2], model)\nSVG("forecast.svg")',
    ),
)


def main() -> None:
    """Run the cells in this folder and keep what they put out, without times and without what went to stderr."""
    import nbformat
    from nbclient import NotebookClient
    from nbformat import v4

    made = {"says": v4.new_markdown_cell, "does": v4.new_code_cell}
    cells = [made[kind](text, id=f"cell-{number}") for number, (kind, text) in enumerate(CELLS)]
    notebook = v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(HERE)}}).execute()
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    notebook.metadata = {"language_info": {"name": "python"}}
    nbformat.write(notebook, NOTEBOOK)
    sys.stdout.write(f"written: {NOTEBOOK.name}\n")


if __name__ == "__main__":
    main()
