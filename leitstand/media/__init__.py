"""Opening and measuring media files: formats, tracks, key frames, duration, files that grow; and
how their video looks (`look`, `canvas`).

Nothing here knows the control API or the cutter; both build on it. A file may be hostile: whoever
opens one does so in a short-lived process that was locked in (`sandbox`).
"""
