"""A MediaMTX and an OBS Studio that are not there: for `leitstand up --demo` and for the tests."""
