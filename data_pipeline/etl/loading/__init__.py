"""What the job that loads does with one data set: read its files, stage their rows, judge, publish, note."""
