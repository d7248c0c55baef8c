# make run      sets up what is missing, builds, makes sample data, and takes it through the pipeline
# make stream   the same from a PostgreSQL of its own that changes all the time, shown live until Ctrl-C: RATE=200
# make build    sets up what is missing and builds the command and the functions into .build/release
# make test     sets up what is missing, then runs every check and every test: what CI runs
# make soak     runs what takes hours and writes the results to .build/soak: PARTS="crash conversion" for some of it
# make fuzz     tries the readers with broken input, SECONDS=60 for each
# make package  sets up what is missing, and packs the functions and the tasks' images for AWS into .build/package
# make dist     the same, and packs the command with them for users to install, into .build/dist: an archive and a wheel
# make deploy   shows what ENV=dev would change on AWS and, once allowed, changes it
# make destroy  deletes what ENV=dev deployed, all but the data
# make clean    removes what was built and made
# make help     prints this
#
# Each step shows one line with its progress. Its whole output is in .build/log; V=1 shows it at once.
# Ctrl-C stops a step, and the same command continues where it stopped.

release := .build/release
# With Swift's own libraries inside each program (fewer files to load at a function's start) and without debug information (a
# debug build has it).
optimized := -c release -debug-info-format none --static-swift-stdlib
programs := $(optimized) --target Programs
# Apart, because `make run` does not need it.
capture := $(optimized) --product change-capture
sample := .cupel/sample

# Tests that run at once, where the toolchain knows the setting: a thousand would wait for each other, and want thousands
# of files open.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH := 16

.PHONY: run stream build test lint soak fuzz package dist deploy destroy clean help

run: .build/built $(sample)/.complete
	$(release)/cupel run $(sample)/beer.csv.gz $(sample)/brewery.csv.gz $(sample)/profile.csv.gz $(sample)/review.csv.gz

# The variables at the top of infra/stream can be given here, too.
stream:
	@infra/setup stream
	@$(MAKE) --no-print-directory build
	@infra/stream

build: .build/built .build/built-capture

# Set-up and build only when a source has changed since: a warm run starts at once.
.build/built: $(shell find Package.swift Functions Runtime Emulator -type f)
	@infra/setup run
	@infra/build $(programs)
	@touch $@

.build/built-capture: .build/built
	@infra/build $(capture)
	@touch $@

$(sample)/.complete: | .build/built
	@mkdir -p $(sample)
	$(release)/cupel generate --table beer --rows 66055 -o $(sample)
	$(release)/cupel generate --table brewery --rows 5840 -o $(sample)
	$(release)/cupel generate --table profile --rows 33388 -o $(sample)
	$(release)/cupel generate --table review --rows 200000 -o $(sample)
	@touch $@

package:
	@infra/setup package
	@infra/step "Packaging" infra/package/build

dist: package
	@infra/step "Linking the command" infra/package/link cupel
	@infra/package/dist .build/static/cupel .build/dist

test:
	@infra/setup test
	@$(MAKE) --no-print-directory lint
	@infra/step "Checking the cost model" .venv/bin/python3 -m unittest discover --start-directory Tests/Benchmarks/scale
	@infra/build --without-warnings $(programs)
	@infra/build --without-warnings $(capture)
	@infra/step "Counting instructions" Tests/Benchmarks/instructions.py $(release)/bronze-writer
	@infra/build --without-warnings --build-tests
	@infra/step "Packaging" infra/package/build
	@infra/step "Unit tests" swift test --skip-build --skip EndToEndTests --skip ConformanceTests
	@CUPEL_BINARIES=$(CURDIR)/$(release) CUPEL_PACKAGED=1 infra/step "Tests of the whole pipeline" \
		swift test --skip-build --filter 'EndToEndTests|ConformanceTests'
	@Tests/Fuzz/fuzz.py --repeatable

lint:
	@infra/step "Checking the format" \
		swift format lint --strict --parallel --recursive Package.swift Functions Runtime Emulator Tests
	@infra/step "Checking the templates" .venv/bin/cfn-lint infra/*.yaml
	@infra/step "Checking the templates' security" .venv-checkov/bin/checkov --config-file infra/.checkov.yaml
	@infra/step "Checking the contracts" sh -ec 'for contract; do echo "> $${contract##*/}"; \
		.venv-contracts/bin/datacontract lint "$$contract"; done' sh infra/contracts/*.odcs.yaml Tests/Fixtures/contracts/*.odcs.yaml

SECONDS := 60
fuzz:
	Tests/Fuzz/fuzz.py --seconds $(SECONDS)

soak:
	@infra/setup test
	@infra/build $(programs)
	@infra/build $(capture)
	@infra/build --build-tests
	@infra/step "Packaging" infra/package/build
	@Tests/Soak/run $(PARTS)

deploy: build
	@infra/deploy "$(ENV)"

destroy:
	@infra/destroy "$(ENV)"

clean:
	rm -rf .build .cupel

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile
