"""Buckets, objects, versions, uploads, listings, checksums and addresses."""
from . import addressing, buckets, integrity, listings, objects, uploads
