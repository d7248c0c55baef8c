#!/usr/bin/env python3
"""Writes one zip per function, with its executable as `bootstrap` and the contracts.

    zip_functions.py EXECUTABLES CONTRACTS TARGET
"""
import pathlib, sys, zipfile

executables, contracts, target = map(pathlib.Path, sys.argv[1:])
target.mkdir(parents=True)
for name in ("firehose-transform", "control-recorder", "compute-router", "bronze-writer", "replayer"):
    with zipfile.ZipFile(target / f"{name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(executables / name, "bootstrap")  # with the mode that it has
        for contract in sorted(contracts.glob("*.odcs.yaml")):
            archive.write(contract, f"contracts/{contract.name}")
