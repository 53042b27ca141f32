"""One file per change of the casebook's tables; never edited once released."""
