"""What goes with a dataset: datasheet, Croissant, checksums, licence, citation, tables, gallery."""
