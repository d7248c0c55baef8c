# make run      sets up what is missing, builds, makes sample data, and takes it through the pipeline
# make test     sets up what is missing, then runs every check and every test
# make fuzz     tries the readers with broken input, SECONDS=60 for each
# make package  sets up what is missing, and packs the functions and the task's image for AWS into .build/package
# make deploy   shows what ENV=dev would change on AWS and, once allowed, changes it
# make destroy  deletes what ENV=dev deployed, all but the data
# make clean    removes what was built and made

release := .build/release
# Swift's own libraries inside each executable: fewer files to load at a function's start.
static := --static-swift-stdlib
checked := --explicit-target-dependency-import-check error
sample := .cupel/sample

.PHONY: run test build package deploy destroy lint fuzz clean

run: .build/built $(sample)/.complete
	$(release)/cupel run $(sample)/beer.csv.gz $(sample)/brewery.csv.gz $(sample)/profile.csv.gz $(sample)/review.csv.gz

build: .build/built

# Set-up and build only when a source has changed since: a warm run starts at once.
.build/built: $(shell find Package.swift Functions Runtime Emulator -type f)
	@infra/setup run
	@swift build -c release $(static) $(checked) --quiet
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
	@infra/package/build

test:
	@infra/setup test
	@$(MAKE) --no-print-directory lint
	.venv/bin/python3 -m unittest discover --quiet --start-directory Tests/Benchmarks/scale
	@Tests/quiet-build -c release $(static)
	Tests/Benchmarks/instructions.py $(release)/bronze-writer
	@Tests/quiet-build --build-tests
	@infra/package/build
	swift test --skip-build --skip EndToEndTests --skip ConformanceTests
	@# Some recorded executions run against the clock: nothing else runs beside them.
	CUPEL_BINARIES=$(CURDIR)/$(release) swift test --skip-build --filter RecordedExecutionTests
	CUPEL_BINARIES=$(CURDIR)/$(release) CUPEL_PACKAGED=1 swift test --skip-build --filter 'EndToEndTests|ConformanceTests' \
		--skip RecordedExecutionTests
	@$(MAKE) --no-print-directory fuzz SECONDS=10

lint:
	@mkdir -p .build
	swift format lint --strict --parallel --recursive Package.swift Functions Runtime Emulator Tests
	.venv/bin/cfn-lint infra/*.yaml
	.venv-checkov/bin/checkov --config-file infra/.checkov.yaml
	@for contract in infra/contracts/*.odcs.yaml Tests/Fixtures/contracts/*.odcs.yaml; do \
		.venv-contracts/bin/datacontract lint $$contract >.build/lint.log 2>&1 || { cat .build/lint.log; exit 1; }; \
	done

SECONDS := 60
fuzz:
	Tests/Fuzz/fuzz.py --seconds $(SECONDS)

deploy:
	@infra/deploy "$(ENV)"

destroy:
	@infra/destroy "$(ENV)"

clean:
	rm -rf .build .cupel
