"""Files behind one interface: S3 and folders, and the disk space that work may take."""
