"""The file that OBS records into: where it is here, and whether the recording arrives in it.

OBS's own counts are not enough: they grow while the file stands still if the muxer has died.
"""

from leitstand.recordfile.follower import Growth, RecordFile, SplitFile
from leitstand.recordfile.progress import Progress

__all__ = ["Growth", "Progress", "RecordFile", "SplitFile"]
