"""Buckets, objects, versions, uploads, listings, checksums and addresses."""
from . import additions, addressing, buckets, integrity, listings, objects, uploads
