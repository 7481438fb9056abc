"""Sending files: any number, of any size, over any line, to a link, a folder or an S3 bucket.

manager = UploadManager(DropprLink("https://files.example.org/request/…"), Options(workers=8))
for result in manager.upload(["photos", "film.mov"]):
    print(result.path, result.outcome, result.error or "")
"""

from droppr_client.upload.items import Item, Outcome, UploadResult
from droppr_client.upload.manager import Options, UploadManager
from droppr_client.upload.problems import Cancelled, Refused, UploadProblem
from droppr_client.upload.progress import ProgressTracker, Statistics
from droppr_client.upload.rates import BandwidthMonitor, RateLimit
from droppr_client.upload.targets import Target
from droppr_client.upload.targets.droppr import DropprLink
from droppr_client.upload.targets.folder import Folder
from droppr_client.upload.walk import Selection, Walk

__all__ = [
    "BandwidthMonitor",
    "Cancelled",
    "DropprLink",
    "Folder",
    "Item",
    "Options",
    "Outcome",
    "ProgressTracker",
    "RateLimit",
    "Refused",
    "Selection",
    "Statistics",
    "Target",
    "UploadManager",
    "UploadProblem",
    "UploadResult",
    "Walk",
]
