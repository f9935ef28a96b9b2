"""The configuration: JSON files to frozen structs, checked strictly, one loader."""
