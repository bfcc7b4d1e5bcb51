"""Data scientists' side: training sets, historical features and listings, from Python."""
