"""From samples of files to the block of a data set: what `new` and `init --from` write into a project.

    names        paths → the pattern that they follow
    samples      which files are looked at, and as much of each as is read
    dialects     bytes of a text file → encoding, delimiter, quote, header
    texts        the texts of a column → its type, and what is unsure about it
    csv_columns, json_columns, parquet_columns      a file's rows → its columns
    proposing    all of these together → a ``Proposal``
    trial        the proposal held against the samples, by the code that reads in the cloud
    block        a proposal → lines of YAML
    insertion    lines into a configuration, of which everything else stays byte for byte

It decides and reads samples; it prints nothing, and writes into no project. It may import ``core`` and ``etl``.
"""
