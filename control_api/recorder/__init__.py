"""The recorder: the process that keeps every studio recording when it should.

It depends on OBS and on its own memory alone. The database, the API and the page may all be away.
"""
