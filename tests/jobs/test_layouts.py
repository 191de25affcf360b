"""The table of layouts: each is recognised by its own header, and the header alone decides."""

import pytest
from taxi import csvfiles, layouts

from data_pipeline.etl.errors import FileError

# The months that SCHEMAS.md gives for each CSV layout, first and last file found of each.
MONTHS = {
    "Y1": ("yellow", "2009-01", "2009-12"),
    "Y2": ("yellow", "2010-01", "2013-12"),
    "Y3": ("yellow", "2014-01", "2014-12"),
    "Y4": ("yellow", "2015-01", "2015-06"),
    "Y5": ("yellow", "2015-07", "2016-06"),
    "Y6": ("yellow", "2016-07", "2018-12"),
    "Y7": ("yellow", "2019-01", "2020-06"),
    "G1": ("green", "2013-08", "2014-12"),
    "G2": ("green", "2015-01", "2016-06"),
    "G3": ("green", "2016-07", "2018-12"),
    "G4": ("green", "2019-01", "2020-06"),
    "F1": ("fhv", "2015-01", "2016-12"),
    "F2": ("fhv", "2017-01", "2017-06"),
    "F3": ("fhv", "2017-07", "2017-12"),
    "F4": ("fhv", "2018-01", "2018-12"),
    "F5": ("fhv", "2019-01", "2020-06"),
    "H1": ("fhvhv", "2019-02", "2020-06"),
}


@pytest.mark.parametrize("layout", layouts.LAYOUTS, ids=lambda layout: layout.id)
def test_a_layout_is_recognised_by_its_own_header(layout):
    """The header as published gives back the layout's id, the pickup column and its position."""
    found = layouts.match(list(layout.columns), layout.dataset)
    assert found == layouts.Match(layout.id, layout.columns.index(layout.pickup), layout.pickup)


@pytest.mark.parametrize("layout", layouts.LAYOUTS, ids=lambda layout: layout.id)
def test_spaces_and_case_of_names_do_not_hide_the_pickup_column(layout):
    """Upper case and spaces around every name still give the same column."""
    found = layouts.match([f" {name.strip().upper()} " for name in layout.columns], layout.dataset)
    assert found.position == layout.columns.index(layout.pickup)


@pytest.mark.parametrize(("layout", "months"), MONTHS.items())
def test_real_headers_have_the_layout_of_their_months(shared_tlc, layout, months):
    """Every real header from the first to the last month of a layout is recognised as that layout."""
    dataset, first, last = months
    seen = 0
    for path in sorted((shared_tlc / "heads").glob(f"{dataset}_tripdata_*.csv")):
        if first <= path.stem[-7:] <= last:
            with csvfiles.opened(path, False) as csv:
                assert layouts.match(csv.names, dataset).layout == layout, path.name
            seen += 1
    assert seen > 0


def test_columns_of_their_own_are_fine_if_one_is_the_pickup_time():
    """A header that no known layout has is read by the name of its pickup column."""
    found = layouts.match(["extra", "LPEP_pickup_datetime ", "other"], "green")
    assert found == layouts.Match(None, 1, "LPEP_pickup_datetime ")


@pytest.mark.parametrize(
    ("names", "dataset", "message"),
    [
        (
            ["a", "request_datetime"],
            "fhvhv",
            "no known pickup column of fhvhv (pickup_datetime) in its header: a,request_datetime",
        ),
        (
            ["Pickup_date", "pickup_datetime"],
            "fhv",
            "2 of its columns could be the pickup time (Pickup_date, pickup_datetime)",
        ),
        (
            [
                "dispatching_base_num",
                "pickup_datetime",
                "dropoff_datetime",
                "PULocationID",
                "DOLocationID",
                "SR_Flag",
            ],
            "yellow",
            "its columns are those of fhv (F5) but its name says yellow",
        ),
    ],
)
def test_a_header_that_does_not_say_where_the_time_is(names, dataset, message):
    """No pickup column, two of them, and another data set's header are refused, each with its reason."""
    with pytest.raises(FileError) as caught:
        layouts.match(names, dataset)
    assert str(caught.value) == message
